"""What intake knows about keys, partners, projects and lists while it decides: plain values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lead_intake_svc.checks.run import Checklist


@dataclass(frozen=True, slots=True)
class PartnerFacts:
    id: str
    active: bool
    sells_leads: bool
    default_location: str
    force_default_location: bool
    priority: str
    include_comments: bool
    is_test: bool

    def location(self, asked: str | None) -> str:
        """I2.3."""
        return self.default_location if self.force_default_location or asked is None else asked


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """I2.15. `days` None looks for duplicates without end, 0 not at all."""

    fields: str
    scope: str
    days: int | None
    action: str

    @property
    def kinds(self) -> tuple[str, ...]:
        if self.days == 0:
            return ()
        return ("phone", "email") if self.fields == "both" else (self.fields,)


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    id: str
    sponsor_id: str | None
    active: bool
    hold: bool
    after_validation: str
    region: str
    duplicates: DuplicateRule
    checks: Checklist
    always_deliver: bool
    bulk_edit: bool
    suppressions: "SuppressionFreshness"


@dataclass(frozen=True, slots=True)
class SuppressionFreshness:
    """I2.18: until when the national lists that apply to the project are fresh, and how much it matters then."""

    until: datetime | None
    stale_level: str


@dataclass(frozen=True, slots=True)
class ContactListFacts:
    id: str
    project_id: str | None
    expired: bool


@dataclass(frozen=True, slots=True)
class SaleRule:
    """I2.24: accepted leads of the project, and of the partner that sent them, go to the buyer; None: of any."""

    id: str
    buyer_id: str
    project_id: str | None
    partner_id: str | None
    price: dict[str, Any] | None

    def wants(self, project_id: str, partner_id: str) -> bool:
        """Nobody is sold what it sent."""
        fits = self.project_id in {None, project_id} and self.partner_id in {None, partner_id}
        return fits and partner_id != self.buyer_id


@dataclass(frozen=True, slots=True)
class KeyFacts:
    id: str
    partner_id: str
    digest: bytes
    scopes: frozenset[str]
    test: bool
    expires_at: datetime | None = None
