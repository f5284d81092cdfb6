"""Giving leads to a partner that buys (I2.24): nobody works them any more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from asyncpg import Record
from contracts.events.intake import LeadSoldV1
from contracts.ids import new_id
from lead_intake_svc.leads.store import find_whole, next_version
from lead_intake_svc.leads.whole_lead import lead_content
from lead_intake_svc.progress.store import add_entries
from lead_intake_svc.reference.facts import SaleRule
from lead_intake_svc.returns.store import set_own_state
from lead_intake_svc.sales import store
from lead_intake_svc.sales.rules import Buyer, Offered, refusal
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, invalid

UNKNOWN = ("not-found", "There is nothing here that you may see.")


@dataclass(frozen=True, slots=True)
class Deal:
    """`price` is what the buyer pays for each lead, if that is known here."""

    price: dict[str, Any] | None
    actor: str | None = None
    rule_id: str | None = None
    validated: bool = False


async def sell_leads(
    work: UnitOfWork, lead_ids: Sequence[str], buyer_id: str, deal: Deal
) -> list[Record | tuple[str, str]]:
    """A sale or the reason why not, per lead and in order. Raises 422 for an unknown buyer, 409 for one that does not
    buy.
    """
    row = await store.find_buyer(work, buyer_id)
    if row is None:
        raise invalid("buyer-unknown", "There is no such partner company.", "/buyer_id")
    buyer = _buyer(row)
    if not buyer.buys:
        raise conflict("partner-does-not-buy", "The partner company does not buy leads at the moment.")
    await store.lock_leads(work, lead_ids)
    return [await _sell(work, lead_id, buyer, deal) for lead_id in lead_ids]


async def sell_by_rule(
    work: UnitOfWork, lead_id: str, rules: Sequence[SaleRule], *, validated: bool = False
) -> Record | None:
    """To the first of the buyers who takes it; None when none does. `validated`: the lead was held, and is not now."""
    for rule in rules:
        row = await store.find_buyer(work, rule.buyer_id)
        if row is None or not _buyer(row).buys:
            continue
        sold = await _sell(work, lead_id, _buyer(row), Deal(rule.price, None, rule.id, validated))
        if not isinstance(sold, tuple):
            return sold
    return None


async def would_be_sold(work: UnitOfWork, rules: Sequence[SaleRule], offered: Offered) -> bool:
    """Whether `sell_by_rule` would find a buyer."""
    for rule in rules:
        row = await store.find_buyer(work, rule.buyer_id)
        if row is not None and _buyer(row).buys and refusal(offered, _buyer(row)) is None:
            return True
    return False


def _buyer(row: Record) -> Buyer:
    return Buyer(row["id"], row["active"] and row["buys_leads"], row["is_test"])


async def _sell(work: UnitOfWork, lead_id: str, buyer: Buyer, deal: Deal) -> Record | tuple[str, str]:
    lead = await find_whole(work, lead_id)
    if lead is None:
        return UNKNOWN
    offered = _offered(lead)
    if deal.validated and offered.work_state == "held":
        offered = replace(offered, work_state=None)
    no = refusal(offered, buyer)
    if no is not None:
        return no
    now = datetime.now(UTC)
    values = (new_id("sale"), lead_id, buyer.id, deal.rule_id, deal.price, deal.actor, now)
    sale, version = await store.insert(work, values), await next_version(work, lead_id)
    await set_own_state(work, lead_id, "sold")
    content = lead_content(lead)
    event = LeadSoldV1(buyer_id=buyer.id, sale_id=sale["id"], sold_at=now, **content)
    message = work.publish(event, sequence=version)
    data = {"sale_id": sale["id"], "buyer_id": buyer.id}
    await add_entries(work, [(lead_id, now, message.id, deal.actor, event.type, "Lead sold", data)])
    return sale


def _offered(lead: Record) -> Offered:
    return Offered(
        status=lead["status"],
        own_state=lead["own_state"],
        work_state="held" if lead["held"] and lead["work_state"] is None else lead["work_state"],
        rejected_in_validation=lead["contact_status"] == "rejected",
        test=lead["test"],
        partner_id=lead["partner_id"],
    )
