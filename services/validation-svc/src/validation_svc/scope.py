"""Who may see and decide which cases, and which of their columns.

Validators and supervisors work the cases whose first check is valid or that were flagged valid (V4.3); what they see
of one is the `ValidatorCase`, which has no price, partner or sponsor. Admins see all cases, and all of each. A sponsor
only ever meets the billing of its own leads (V4.9).
"""

from servicekit.identity import Identity
from servicekit.problems import forbidden

WORKERS = ("call_centre", "supervisor", "admin")


def check_may_work(caller: Identity) -> None:
    """Raises 403."""
    caller.require(*WORKERS)


def check_may_settle(caller: Identity) -> None:
    """Reopening, and flagging as valid. Raises 403."""
    caller.require("admin")


def check_may_filter(caller: Identity, *, by_partner: bool) -> None:
    """V4.7: partners are for admins only. Raises 403."""
    if by_partner and not caller.is_admin:
        raise forbidden("filter-forbidden", "Only admins filter by partner.")


def sees_all(caller: Identity) -> bool:
    """All cases, and all their columns; otherwise those that are `shown`, in the validators' projection."""
    return caller.is_admin


def may_decide_exhausted(caller: Identity) -> bool:
    """V4.4: after the last attempt an admin decides."""
    return caller.is_admin


def billing_of(caller: Identity) -> tuple[str, ...] | None:
    """The sponsors whose leads' billing the caller may flip; None: everybody's. Raises 403."""
    return None if caller.is_admin else caller.sponsors_on("leads")
