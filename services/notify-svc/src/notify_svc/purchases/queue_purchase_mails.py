"""Queues what accepted leads cause: the purchase notifications, and what other rules say."""

from collections.abc import Sequence
from typing import Any

from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.emails.queue_emails import queue_emails
from notify_svc.partners.store import hold_partners, keep_feeding, read_partners
from notify_svc.purchases.mails import Purchase, purchase_mails, purchase_of
from notify_svc.purchases.store import keep_waiting
from notify_svc.rules.notify_by_rules import notify_by_rules
from notify_svc.rules.store import PURCHASE_RULE, read_built_in


async def queue_purchase_mails(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    """A lead that comes before its partner waits for it; test leads cause no mail of these."""
    await notify_by_rules(work, batch)
    purchases = [purchase_of(r.envelope.id, r.event, r.envelope.trace) for r in batch if not r.event.lead.test]
    if not purchases:
        return
    await keep_feeding(work, {(p.lead.project_id, p.partner_id) for p in purchases})
    rule = await read_built_in(work, PURCHASE_RULE)
    if rule is None:
        return
    partners = await read_partners(work, list({p.partner_id for p in purchases}))
    early = sorted({p.partner_id for p in purchases} - partners.keys())
    if early:
        await hold_partners(work, early)
        partners |= await read_partners(work, early)
    known: list[Purchase] = [p for p in purchases if p.partner_id in partners]
    await queue_emails(work, [mail for p in known for mail in purchase_mails(p, partners[p.partner_id], rule)])
    await keep_waiting(work, [p for p in purchases if p.partner_id not in partners])
