"""E-mail addresses: syntax only, no network."""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

# Addresses of this plain form are valid without further looks: the property test compares both ways.
# A final label of letters that is not reserved, no label beginning with "xn--", and the lengths of RFC 5321.
_PLAIN = re.compile(
    r"(?=.{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"
    r"@(?=.{1,180}\Z)(?:(?!xn--)[a-z0-9](?:[a-z0-9]|-(?!-)){0,60}(?<!-)\.)+(?:com|org|net|info|fi|se|de|fr|uk|nl|es|it)"
)


@lru_cache(maxsize=20_000)
def normalise_email(text: str) -> str | None:
    """The address in lower case, or None when its syntax is wrong."""
    lowered = text.lower()
    if _PLAIN.fullmatch(lowered):
        return lowered
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        return None


def domain_of(email: str) -> str:
    return email.rpartition("@")[2]
