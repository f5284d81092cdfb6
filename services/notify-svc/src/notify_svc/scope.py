"""Who may do what. Mails, templates and rules: supervisors and admins, all of them. Webhooks: admins all, partners and
sponsors their own.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class WebhookScope:
    """Endpoints and deliveries of these owners only, if any are set."""

    owner_kind: str | None = None
    owner_ids: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        return self.owner_kind is None

    def narrowed_to(self, owner_kind: str | None, owner_id: str | None) -> "WebhookScope":
        """Only what is asked for, as far as it is inside; what is not is ignored."""
        if self.is_everything:
            return WebhookScope(owner_kind, (owner_id,) if owner_id else ())
        if owner_id in self.owner_ids and owner_kind in {None, self.owner_kind}:
            return WebhookScope(self.owner_kind, (owner_id,))
        return self


def webhooks_of(caller: Identity) -> WebhookScope:
    """Raises 403 for those who see none."""
    if caller.is_admin:
        return WebhookScope()
    if caller.access_level == "partner" and caller.partner_id:
        return WebhookScope("partner", (caller.partner_id,))
    return WebhookScope("sponsor", caller.sponsors_on("leads"))
