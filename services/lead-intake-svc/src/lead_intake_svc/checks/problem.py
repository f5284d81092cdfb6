"""What a check has to say."""

from collections.abc import Mapping
from dataclasses import dataclass

OFF, WARN, QUARANTINE, REJECT = "off", "warn", "quarantine", "reject"
SEVERITY = {OFF: 0, WARN: 1, QUARANTINE: 2, REJECT: 3}

# What holds where a project says nothing. A doubtful name is no reason to lose a customer: it only warns.
DEFAULT_LEVELS: Mapping[str, str] = {
    "required_fields": REJECT,
    "phone": REJECT,
    "phone_type": OFF,
    "email": REJECT,
    "email_mx": OFF,
    "names": WARN,
    "consent": OFF,
    "country": OFF,
    "postcode": OFF,
    "suppression": REJECT,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is what the project gave the check; `field` a JSON pointer into the lead. Holds no input values."""

    level: str
    code: str
    field: str | None
    detail: str


def level_of(check: str, levels: Mapping[str, str]) -> str:
    """The project's level for a check; an unknown word counts as the default, so that a typo lets nothing through."""
    level = levels.get(check)
    return level if level in SEVERITY else DEFAULT_LEVELS[check]
