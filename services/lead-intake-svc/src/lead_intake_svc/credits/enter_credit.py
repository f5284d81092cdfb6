"""What an accepted return is worth: one entry per return, which the table's unique return makes sure of."""

from datetime import UTC, datetime

import msgspec
from asyncpg import Record
from contracts.events.intake import CreditEnteredV1
from contracts.events.values import Money
from contracts.ids import new_id
from lead_intake_svc.credits import store
from lead_intake_svc.leads.whole_lead import lead_ref
from lead_intake_svc.returns.rules import PURCHASE
from messaging.unit_of_work import UnitOfWork


async def enter_credit(work: UnitOfWork, returned: Record, lead: Record) -> None:
    purchase = returned["kind"] == PURCHASE
    direction = "from_partner" if purchase else "to_partner"
    price = (
        await store.purchase_price(work, returned["lead_id"])
        if purchase
        else await store.sale_price(work, returned["sale_id"])
    )
    amount = None if price is None else msgspec.convert(price, Money)
    credit_id, now = new_id("crd"), datetime.now(UTC)
    place = (credit_id, returned["id"], returned["lead_id"], returned["partner_id"], direction)
    await store.insert(work, (*place, amount and amount.amount_minor, amount and amount.currency, now))
    event = CreditEnteredV1(
        lead=lead_ref(lead),
        credit_id=credit_id,
        return_id=returned["id"],
        partner_id=returned["partner_id"],
        direction=direction,
        entered_at=now,
        amount=amount,
    )
    work.publish(event, sequence=1)
