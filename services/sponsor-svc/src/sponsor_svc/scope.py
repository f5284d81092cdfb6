"""Who may see which rows: lists, single reads, counts and statistics ask here."""

from dataclasses import dataclass

from servicekit.identity import Identity

ADMINS = frozenset({"admin"})
EDITORS = frozenset({"admin", "supervisor"})  # of projects, products and contact lists; sponsors are for admins


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows of these sponsors only, if there are any; only what they are called, if `names_only`."""

    sponsor_ids: tuple[str, ...] | None = None
    names_only: bool = False


def scope_of(caller: Identity, *pages: str) -> Scope:
    """Of sponsors, projects, products and contact lists. Sponsor accounts need one of `pages`, or any page if none is
    named. Raises 403 for those who see nothing here.
    """
    if caller.is_supervisor:
        return Scope()
    if caller.access_level in {"leads_agent", "call_centre"}:
        return Scope(names_only=True)
    return Scope(caller.sponsors_on(*pages))


def may_write_lists_of(caller: Identity) -> Scope:
    """Whose contact lists the caller may make and give an end (S0.11). Raises 403."""
    return Scope() if caller.is_supervisor else Scope(caller.sponsors_on("contact_lists"))


def may_share_of(caller: Identity) -> Scope:
    """Whose statistics the caller may share (S0.13). Raises 403."""
    return Scope() if caller.is_admin else Scope(caller.sponsors_on("statistics"))


def statistics_scope_of(caller: Identity) -> Scope:
    """Raises 403 for those who see no statistics."""
    return Scope() if caller.is_supervisor else Scope(caller.sponsors_on("overview", "statistics"))
