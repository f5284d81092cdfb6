"""Who may see and decide which cases, and which of their columns.

Every held lead has passed its first check, so validators work all of them (V4.3); what they see of one is the
`ValidatorCase`, which has no price, partner or sponsor. Only admins get the rest.
"""

from servicekit.identity import Identity

WORKERS = ("call_centre", "supervisor", "admin")


def check_may_work(caller: Identity) -> None:
    """Raises 403."""
    caller.require(*WORKERS)


def check_may_reopen(caller: Identity) -> None:
    """Raises 403."""
    caller.require("admin")


def sees_all_columns(caller: Identity) -> bool:
    return caller.is_admin


def may_decide_exhausted(caller: Identity) -> bool:
    """V4.4: after the last attempt an admin decides."""
    return caller.is_admin
