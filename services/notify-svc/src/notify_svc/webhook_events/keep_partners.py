"""Keeps what webhooks need to know of partners."""

from collections.abc import Sequence
from typing import Any

from contracts.events.intake import PartnerContent
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.webhook_events import store


async def keep_partners(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    newest: dict[str, Received[PartnerContent]] = {}
    for received in sorted(batch, key=lambda each: each.envelope.sequence):
        newest[received.event.partner_id] = received
    await store.upsert_partners(work, [_row(received) for received in newest.values()])


def _row(received: Received[PartnerContent]) -> store.PartnerRow:
    partner = received.event
    emails = sorted({address.strip().lower() for address in partner.sold_lead_emails} - {""})
    return store.PartnerRow(
        partner_id=partner.partner_id,
        version=received.envelope.sequence,
        name=partner.name,
        include_comments=partner.include_comments_with_return,
        sold_lead_emails=emails,
    )
