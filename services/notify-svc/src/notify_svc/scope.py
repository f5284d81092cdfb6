"""Who may do what. Mails, templates and rules: supervisors and admins, all of them. Webhooks: admins all, partners and
sponsors their own.
"""

from dataclasses import dataclass

from servicekit.identity import Identity
from servicekit.problems import forbidden


def check_may_see(caller: Identity) -> None:
    """Raises 403."""
    caller.require("supervisor", "admin")


def check_may_lift(caller: Identity) -> None:
    """Of suppressions of addresses. Raises 403."""
    caller.require("admin")


def check_may_report_bounces(caller: Identity) -> None:
    """A mail server's program does, and an admin who tries it out. Raises 403."""
    caller.require("integration", "admin")


@dataclass(frozen=True, slots=True)
class WebhookScope:
    """Endpoints and deliveries of this owner only, if one is set."""

    owner_kind: str | None = None
    owner_id: str | None = None

    @property
    def is_everything(self) -> bool:
        return self.owner_kind is None


def webhooks_of(caller: Identity) -> WebhookScope:
    """Raises 403 for those who see none."""
    if caller.is_admin:
        return WebhookScope()
    if caller.access_level == "partner" and caller.partner_id:
        return WebhookScope("partner", caller.partner_id)
    if caller.access_level == "sponsor" and caller.sponsor_id:
        return WebhookScope("sponsor", caller.sponsor_id)
    raise forbidden()
