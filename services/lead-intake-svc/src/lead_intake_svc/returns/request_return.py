"""Sending leads back to the partner that sold them (I2.13): many in one transaction, each with its own result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from asyncpg import Record
from contracts.ids import lowest_id, new_id
from lead_intake_svc.returns import store
from lead_intake_svc.returns.events import tell
from lead_intake_svc.returns.evidence import evidence_of
from lead_intake_svc.returns.rules import PURCHASE, Refusal, Terms, Traffic, exceeds_rate, refusal
from lead_intake_svc.returns.terms import goods_of, terms_of
from messaging.unit_of_work import UnitOfWork

UNKNOWN = Refusal("not-found", "There is nothing here that you may see.")
RATE_EXCEEDED = "return-rate-exceeded"
_OPEN = Refusal("return-open", "A return of the lead is open already.")
RATE_REFUSED = Refusal(RATE_EXCEEDED, "More returns than were agreed with the partner.")


@dataclass(frozen=True, slots=True)
class Request:
    """`actor` None: the system asks."""

    reason: str
    comment: str | None
    actor: str | None


@dataclass(slots=True)
class Round:
    """What holds for all leads of one call; the partners' rows are held, so that their rates are exact."""

    request: Request
    now: datetime
    leads: Mapping[str, Record]
    partners: Mapping[str, Record]
    entries: Mapping[str, Sequence[Mapping[str, Any]]]
    traffic: dict[str, Traffic] = field(default_factory=dict[str, Traffic])


async def request_returns(work: UnitOfWork, lead_ids: Sequence[str], request: Request) -> list[Record | Refusal]:
    """A return or the reason why not, per lead and in order."""
    partners = await store.lock_partners(work, lead_ids)
    leads = await store.lock_leads(work, lead_ids)
    entries = await store.entries_for_evidence(work, sorted(leads))
    this = Round(request, datetime.now(UTC), leads, partners, entries)
    return [await _request(work, lead_id, this) for lead_id in lead_ids]


async def _request(work: UnitOfWork, lead_id: str, this: Round) -> Record | Refusal:
    lead = this.leads.get(lead_id)
    if lead is None:
        return UNKNOWN
    partner = this.partners[lead["partner_id"]]
    terms = terms_of(partner, PURCHASE)
    no = refusal(goods_of(lead), terms, this.request.reason, this.now)
    if no is not None:
        return no
    traffic = await _traffic(work, partner["terms_id"], terms, this)
    over = traffic is not None and not lead["test"] and exceeds_rate(terms, traffic)
    if over and terms.rate_blocks:
        return RATE_REFUSED
    row = await _store(work, lead, terms, RATE_EXCEEDED if over else None, this)
    if row is None:
        return _OPEN
    if traffic is not None:
        this.traffic[partner["terms_id"]] = Traffic(traffic.received, traffic.returned + 1)
    await store.set_own_state(work, lead_id, "return_hold")
    await tell(work, row, lead, "requested", this.request.actor)
    return row


async def _traffic(work: UnitOfWork, partner_id: str, terms: Terms, this: Round) -> Traffic | None:
    if terms.rate is None:
        return None
    if partner_id not in this.traffic:
        since = this.now - terms.rate_window
        received = await store.count_received(work, partner_id, lowest_id("lead", since))
        this.traffic[partner_id] = Traffic(received, await store.count_returned(work, partner_id, since))
    return this.traffic[partner_id]


async def _store(work: UnitOfWork, lead: Record, terms: Terms, warning: str | None, this: Round) -> Record | None:
    """A proposal that waits becomes the request; otherwise a new one, unless one is open."""
    request, now = this.request, this.now
    evidence = evidence_of(this.entries[lead["id"]], lead["content"].get("consent"), duplicate_of(lead))
    deadline = now + terms.answer_within
    confirmed = (request.reason, request.comment, warning, evidence, terms.on_no_answer, now, request.actor, deadline)
    row = await store.confirm(work, lead["id"], PURCHASE, confirmed)
    if row is not None:
        return row
    place = (lead["id"], None, lead["partner_id"], lead["project_id"], lead["sponsor_id"])
    said = ("requested", request.reason, request.comment, None, warning, evidence, terms.on_no_answer)
    return await store.insert(work, (new_id("ret"), PURCHASE, *place, *said, now, request.actor, deadline))


def duplicate_of(lead: Record) -> dict[str, Any] | None:
    """Another partner's lead is not named to this one (I2.15)."""
    if lead["duplicate_of"] is None:
        return None
    own = lead["duplicate_partner_id"] == lead["partner_id"]
    return {"lead_id": lead["duplicate_of"]} if own else {"of": "another partner"}
