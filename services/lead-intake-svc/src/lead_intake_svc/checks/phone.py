"""Phone numbers: E.164 by the project's region."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, NumberParseException, PhoneMetadata, PhoneNumberFormat

# The types of number that count as valid; one that were missing here would only cost time.
_KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
    "voicemail",
)  # fmt: skip
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}")


@lru_cache(maxsize=20_000)
def normalise_phone(text: str, region: str) -> str | None:
    """The number in E.164, or None when no such number can exist."""
    if _INTERNATIONAL.fullmatch(text) and _certainly_valid(text[1:]):
        return text
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _certainly_valid(digits: str) -> bool:
    """Whether the library would call it valid as it stands, found out with its own patterns in a tenth of the time.

    False says nothing: numbers that might begin with a trunk prefix, for example, are left to the library.
    """
    for length in (1, 2, 3):
        rules = _rules_of(int(digits[:length]))
        if rules is not None:
            return rules.accept(digits[length:])
    return False


@dataclass(frozen=True, slots=True)
class _Rules:
    """Of a country code. `regions` in the library's order: what their leading digits must be, and the valid numbers."""

    trunk: re.Pattern[str] | None
    regions: tuple[tuple[re.Pattern[str] | None, re.Pattern[str]], ...]

    def accept(self, national: str) -> bool:
        if national.startswith("0") or (self.trunk is not None and self.trunk.match(national)):
            return False
        for leading, valid in self.regions:
            if leading is None and valid.fullmatch(national):
                return True
            if leading is not None and leading.match(national):
                return valid.fullmatch(national) is not None
        return False


@cache
def _rules_of(code: int) -> _Rules | None:
    found = [PhoneMetadata.metadata_for_region(region) for region in COUNTRY_CODE_TO_REGION_CODE.get(code, ())]
    regions = [metadata for metadata in found if metadata is not None]
    if not regions:
        return None
    trunk = regions[0].national_prefix_for_parsing
    return _Rules(re.compile(trunk) if trunk else None, tuple(_numbers_of(metadata) for metadata in regions))


def _numbers_of(metadata: PhoneMetadata) -> tuple[re.Pattern[str] | None, re.Pattern[str]]:
    described = (getattr(metadata, kind) for kind in _KINDS)
    patterns = [each.national_number_pattern for each in described if each and each.national_number_pattern]
    leading = metadata.leading_digits
    return re.compile(leading) if leading else None, re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
