"""Makes a work item of every lead that intake accepted, and keeps its content up to date."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.events.assignment import LeadHeldV1, LeadPendedV1, LeadQueuedV1, WorkItemEvent
from contracts.events.intake import LeadContent
from contracts.ids import new_id
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from assignment_svc.fields.apply_edits import apply_edits
from assignment_svc.leads import store
from assignment_svc.leads.apply_verdicts import apply_verdicts
from assignment_svc.leads.suppress import suppress_leads
from assignment_svc.leads.where import place_of
from assignment_svc.queue.hours import Place
from assignment_svc.withdrawals.apply_facts import apply_facts
from assignment_svc.work_items.hold import hold
from assignment_svc.work_items.item import HELD, PENDING, waiting_state

_EVENTS: dict[str, type[WorkItemEvent]] = {HELD: LeadHeldV1, PENDING: LeadPendedV1}


async def receive_leads(work: UnitOfWork, batch: Sequence[Received[LeadContent]]) -> None:
    """Handles `intake.lead.accepted` and `.updated` alike: each carries the whole lead, and the last version wins."""
    newest = _newest(batch)
    if not newest:
        return
    hours = await store.read_partner_hours(work, {one.event.lead.partner_id for one in newest.values()})
    places = {lead_id: _place(one.event, hours) for lead_id, one in newest.items()}
    place_ids = await _find_places(work, set(places.values()))
    rows = [_row(received, place_ids[places[lead_id]]) for lead_id, received in newest.items()]
    await hold(work, newest)
    stored = await store.store_leads(work, rows)
    await _create(work, [newest[lead_id] for lead_id, is_new in stored.items() if is_new])
    known = [lead_id for lead_id, is_new in stored.items() if not is_new]
    await apply_edits(work, known)
    await store.move_places(work, known)
    contents = [newest[lead_id].event for lead_id in stored]
    await store.store_orders(work, [_order_row(content) for content in contents if content.order is not None])
    await apply_facts(work, list(stored))
    await suppress_leads(work, list(stored))


async def settle_partners(work: UnitOfWork, partner_ids: Sequence[str]) -> None:
    """The partner's hours are others now: its leads wait in other places."""
    for partner_id in partner_ids:
        await store.move_places(work, await store.settle_partner(work, partner_id))


def _newest(batch: Sequence[Received[LeadContent]]) -> dict[str, Received[LeadContent]]:
    ordered = sorted(batch, key=lambda received: received.envelope.sequence)
    return {r.event.lead.lead_id: r for r in ordered if not r.event.lead.test}


async def _find_places(work: UnitOfWork, places: set[Place]) -> dict[Place, int]:
    place_ids = await store.read_place_ids(work)
    for place in places - place_ids.keys():
        place_ids[place] = await store.add_place(work, place)
    return place_ids


async def _create(work: UnitOfWork, arrived: Sequence[Received[LeadContent]]) -> None:
    await store.create_items(work, [_item_row(received.event) for received in arrived])
    for received in arrived:
        event = received.event
        event_class = _EVENTS.get(_first_state(event), LeadQueuedV1)
        told = event_class(lead=event.lead, received_at=event.received_at)
        work.publish(told, sequence=1, trace=received.envelope.trace)
    held = [received.event.lead.lead_id for received in arrived if received.event.hold]
    await apply_verdicts(work, await store.meet_verdicts(work, held))


def _row(received: Received[LeadContent], place_id: int) -> dict[str, Any]:
    event, person = received.event, received.event.person
    return {
        "lead_id": event.lead.lead_id,
        "intake_version": received.envelope.sequence,
        "partner_id": event.lead.partner_id,
        "project_id": event.lead.project_id,
        "sponsor_id": event.lead.sponsor_id,
        "contact_list_id": event.lead.contact_list_id,
        "external_id": event.external_id,
        "received_at": event.received_at,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone": person.phone,
        "email": person.email,
        "email_domain": person.email.rpartition("@")[2] if person.email else None,
        "place_id": place_id,
        "has_consent": event.consent is not None,
        "content": {
            "account": event.account,
            "address": person.address,
            "consent": event.consent,
            "comments": event.comments,
            "contact_time": event.contact_time,
            "custom": event.custom,
            "problems": event.problems,
        },
    }


def _place(content: LeadContent, hours: Mapping[str, str]) -> Place:
    partner_hours = hours.get(content.lead.partner_id, "")
    return place_of(content.person.phone, content.country, content.person.address, partner_hours)


def _first_state(event: LeadContent) -> str:
    return HELD if event.hold else waiting_state(event.location)


def _item_row(event: LeadContent) -> dict[str, Any]:
    return {
        "lead_id": event.lead.lead_id,
        "state": _first_state(event),
        "location": event.location,
        "priority": event.priority,
        "after_validation": event.after_validation,
        "validated": not event.hold,
    }


def _order_row(event: LeadContent) -> dict[str, Any]:
    order = event.order
    assert order is not None  # noqa: S101 -- the caller picked those with one
    return {
        "order_id": new_id("ord"),
        "lead_id": event.lead.lead_id,
        "number": order.number,
        "status": order.status,
        "items": order.items,
        "total": order.total,
    }
