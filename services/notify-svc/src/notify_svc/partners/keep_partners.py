"""Keeps the projection of partners, and lets the purchases go that waited for one."""

from collections.abc import Sequence
from typing import Any

from contracts.events.intake import PartnerContent
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.emails.queue_emails import queue_emails
from notify_svc.newest import newest_of
from notify_svc.partners import store
from notify_svc.purchases.mails import purchase_mails
from notify_svc.purchases.store import take_waiting
from notify_svc.rules.store import PURCHASE_RULE, read_built_in

MODES = {"immediate", "hourly", "daily"}


async def keep_partners(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    newest = newest_of(batch)
    partner_ids = [received.event.partner_id for received in newest]
    await store.upsert_partners(work, [_row(received) for received in newest])
    waiting = await take_waiting(work, partner_ids)
    rule = await read_built_in(work, PURCHASE_RULE) if waiting else None
    if rule is not None:
        partners = await store.read_partners(work, partner_ids)
        await queue_emails(work, [mail for w in waiting for mail in purchase_mails(w, partners[w.partner_id], rule)])


def _row(received: Received[Any]) -> store.PartnerRow:
    partner: PartnerContent = received.event
    return store.PartnerRow(
        partner_id=partner.partner_id,
        version=received.envelope.sequence,
        name=partner.name,
        email=partner.email.strip().lower() if partner.email else None,
        active=partner.active,
        purchase_emails=_addresses(partner.purchase_notification_emails),
        return_emails=_addresses(partner.return_notification_emails),
        sold_emails=_addresses(partner.sold_lead_emails),
        include_comments=partner.include_comments_with_return,
        auto_response_template=partner.auto_response_template_id,
        purchase_mode=partner.purchase_notification_mode
        if partner.purchase_notification_mode in MODES
        else "immediate",
    )


def _addresses(given: Sequence[str]) -> list[str]:
    return sorted({address.strip().lower() for address in given} - {""})
