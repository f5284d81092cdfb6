"""Who may see mails and templates: supervisors and admins, all of them; nobody else any."""

from servicekit.identity import Identity


def check_may_see(caller: Identity) -> None:
    """Raises 403."""
    caller.require("supervisor", "admin")
