"""Which lead may come in the stead of a returned one (I2.22): pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Original:
    """`replaced_by` is a replacement that has not been rejected; `same_person` compares with the one that comes."""

    returned: bool
    replaced_by: str | None
    same_person: bool


def refusal(original: Original) -> tuple[str, str] | None:
    """A code and its words; None if the lead may be replaced."""
    if not original.returned:
        return "replacement-not-returned", "The lead that is to be replaced has not been taken back."
    if original.replaced_by is not None:
        return "replacement-exists", "The lead has been replaced already."
    if original.same_person:
        return "replacement-same-person", "A lead cannot be replaced by the same person."
    return None
