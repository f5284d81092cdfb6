"""Which mails an accepted lead causes: pure rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.envelope import Trace
from contracts.events.intake import LeadContent
from contracts.events.values import LeadRef

from notify_svc.emails.queue_emails import NewEmail
from notify_svc.partners.store import PartnerRow
from notify_svc.rules.matching import Rule


@dataclass(frozen=True, slots=True)
class Purchase:
    """An accepted lead, as far as its partner is told of it. `cause_id` is the event's id."""

    cause_id: UUID
    partner_id: str
    lead: LeadRef
    facts: dict[str, Any]
    trace: Trace


def purchase_of(cause_id: UUID, content: LeadContent, trace: Trace) -> Purchase:
    """Text for every variable of the template: it is strict about undefined ones. No phone and no e-mail."""
    facts = {
        "id": content.lead.lead_id,
        "external_id": content.external_id,
        "received_at": content.received_at.strftime("%Y-%m-%d %H:%M UTC"),
        "first_name": content.person.first_name or "",
        "last_name": content.person.last_name or "",
        "comments": content.comments or "",
    }
    return Purchase(cause_id, content.lead.partner_id, content.lead, facts, trace)


def purchase_mails(purchase: Purchase, partner: PartnerRow, rule: Rule) -> Iterator[NewEmail]:
    """To each address of the partner, at once or for its digest."""
    for recipient in partner.purchase_emails:
        yield NewEmail(
            cause_id=purchase.cause_id,
            template=rule.template or "purchase",
            recipient=recipient,
            lead=purchase.lead,
            variables={"lead": purchase.facts, "partner": {"name": partner.name}},
            trace=purchase.trace,
            digest=partner.purchase_mode,
        )
