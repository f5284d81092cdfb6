"""What sponsor accounts may do with contact lists (S0.11)."""

from collections.abc import Collection, Mapping
from typing import Any

from servicekit.problems import DomainError, FieldError, Kind, invalid

WRITABLE = frozenset({"expires_on"})
_POINTER = "/sponsor_id"


def sponsor_of_new(asked: str | None, own: Collection[str] | None) -> str | None:
    """The sponsor of a new list; `own` None: whoever makes it may choose. An account over one sponsor need not say it.

    Raises 422; a foreign sponsor is answered as an unknown one.
    """
    if own is None:
        return asked
    if asked is None and len(own) == 1:
        return next(iter(own))
    if asked is None:
        raise invalid("sponsor-required", "Say for which of your sponsors.", _POINTER)
    if asked not in own:
        raise invalid("sponsor-unknown", "There is no such sponsor.", _POINTER)
    return asked


def check_writable(changes: Mapping[str, Any]) -> None:
    """Raises 403 that names what an account does not change."""
    detail = "A sponsor account sets the date on which a list expires, and nothing else."
    errors = [FieldError(f"/{name}", "field-forbidden", detail) for name in changes if name not in WRITABLE]
    if errors:
        raise DomainError(Kind.FORBIDDEN, "field-forbidden", detail, errors)
