"""Keeps the projection of partners, and lets the purchases go that waited for one."""

from collections.abc import Sequence
from typing import Any

from contracts.events.intake import PartnerContent
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.emails.queue_emails import queue_emails
from notify_svc.partners import store
from notify_svc.purchases.mails import purchase_mails
from notify_svc.purchases.store import take_waiting


async def keep_partners(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    newest: dict[str, Received[PartnerContent]] = {}
    for received in batch:
        known = newest.get(received.event.partner_id)
        if known is None or known.envelope.sequence < received.envelope.sequence:
            newest[received.event.partner_id] = received
    await store.upsert_partners(work, [_row(received) for received in newest.values()])
    waiting = await take_waiting(work, list(newest))
    if waiting:
        partners = await store.read_partners(work, list(newest))
        await queue_emails(work, [mail for w in waiting for mail in purchase_mails(w, partners[w.partner_id])])


def _row(received: Received[PartnerContent]) -> store.PartnerRow:
    partner = received.event
    addresses = sorted({address.strip().lower() for address in partner.purchase_notification_emails} - {""})
    return store.PartnerRow(partner.partner_id, received.envelope.sequence, partner.name, addresses)
