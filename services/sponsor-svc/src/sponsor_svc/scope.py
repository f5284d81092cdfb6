"""Who may see which rows: lists, single reads, counts and statistics ask here."""

from dataclasses import dataclass

from servicekit.identity import Identity
from servicekit.problems import forbidden

EDITORS = frozenset({"admin", "supervisor"})  # of projects, products and contact lists; sponsors are for admins


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows of `sponsor_id` only, if it is set; only what they are called, if `names_only`."""

    sponsor_id: str | None = None
    names_only: bool = False


def scope_of(caller: Identity) -> Scope:
    """Of sponsors, projects, products and contact lists. Raises 403 for those who see nothing here."""
    if caller.is_supervisor:
        return Scope()
    if caller.access_level in {"leads_agent", "call_centre"}:
        return Scope(names_only=True)
    return Scope(_own_sponsor(caller))


def statistics_scope_of(caller: Identity) -> Scope:
    """Raises 403 for those who see no statistics."""
    return Scope() if caller.is_supervisor else Scope(_own_sponsor(caller))


def _own_sponsor(caller: Identity) -> str:
    if caller.access_level == "sponsor" and caller.sponsor_id:
        return caller.sponsor_id
    raise forbidden()
