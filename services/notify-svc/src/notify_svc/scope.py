"""Who may do what: supervisors and admins see all mails, templates and rules; nobody else any."""

from servicekit.identity import Identity


def check_may_see(caller: Identity) -> None:
    """Raises 403."""
    caller.require("supervisor", "admin")


def check_may_lift(caller: Identity) -> None:
    """Of suppressions of addresses. Raises 403."""
    caller.require("admin")


def check_may_report_bounces(caller: Identity) -> None:
    """A mail server's program does, and an admin who tries it out. Raises 403."""
    caller.require("integration", "admin")
