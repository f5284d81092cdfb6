"""Projects, sponsors and contact lists, as sponsor-svc says."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts.events.assignment import LeadPendedV1, LeadQueuedV1
from contracts.events.sponsor import (
    ContactListContent,
    ContactListExpiredV1,
    ProductContent,
    ProjectContent,
    QueueRules,
    SponsorContent,
)
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from assignment_svc.orders.store import store_product
from assignment_svc.presence.store import watch_holders
from assignment_svc.queue_rules.settle import settle_rules
from assignment_svc.reference import store
from assignment_svc.timers.store import remind
from assignment_svc.withdrawals.store import remind_open
from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.item import QUEUED, WorkItem, waiting_state
from assignment_svc.work_items.transition import transition

_DEMANDING = frozenset({"quarantine", "reject"})
_LONGEST_LOCK_MINUTES = 120
_QUEUE_RULES = (
    *("cool_down_minutes", "max_attempts", "max_age_hours", "order", "use_partner_priority", "status_after_request"),
    "lock_minutes",
)
# Agents are not looked for the moment a project is active again.
_BACK_AT_WORK = timedelta(minutes=10)


async def receive_project(work: UnitOfWork, received: Received[ProjectContent]) -> None:
    event, hours = received.event, received.event.calling_hours
    before, now = await store.store_project(
        work,
        event.project_id,
        received.envelope.sequence,
        event.name,
        event.state,
        event.sponsor_id,
        hours.mode,
        hours.from_,
        hours.until,
        hours.days,
        event.checks.get("consent") in _DEMANDING,
        _said(event.queue),
        event.written_confirmation,
        event.offer.lapse_days,
        event.intake.stale_suppressions == "block" and event.checks.get("suppression") != "off",
    )
    if now is None:
        return
    await settle_rules(work, event.project_id, is_new=before is None)
    if before is not None and before["state"] != now["state"] == "active":
        await _go_on(work, event.project_id)


def _said(queue: QueueRules) -> dict[str, Any]:
    """What the project says itself, and does not leave to the centre."""
    said = {name: getattr(queue, name) for name in _QUEUE_RULES if name not in queue.inherited}
    return {**said, "lock_minutes": min(queue.lock_minutes, _LONGEST_LOCK_MINUTES)} if "lock_minutes" in said else said


async def _go_on(work: UnitOfWork, project_id: str) -> None:
    """S0.8: timers that came while the project was passive were let pass; they are set again."""
    await remind_open(work, project_id=project_id)
    await watch_holders(work, project_id, _BACK_AT_WORK)
    await remind(work, "rule", [project_id], timedelta(0))


async def receive_sponsor(work: UnitOfWork, received: Received[SponsorContent]) -> None:
    active = received.event.status == "active"
    await store.store_sponsor(work, received.event.sponsor_id, received.envelope.sequence, active=active)


async def receive_product(work: UnitOfWork, received: Received[ProductContent]) -> None:
    event = received.event
    values = (event.code, event.name, event.sponsor_id, event.price)
    await store_product(work, event.product_id, received.envelope.sequence, *values)


async def receive_contact_list(work: UnitOfWork, received: Received[ContactListContent]) -> None:
    """S0.7: leads that nobody has leave with the list, and come back when its date is moved."""
    event = received.event
    expires_at = _end_of(event)
    now = datetime.now(UTC)
    if isinstance(event, ContactListExpiredV1):
        expires_at = min(expires_at or now, now)
    if not await store.store_list(work, event.contact_list_id, received.envelope.sequence, expires_at):
        return
    await store.age_anew(work, contact_list_id=event.contact_list_id)
    if expires_at is None or expires_at > now:
        gone = await store.find_expired_with_list(work, event.contact_list_id)
        await transition(work, [_bring_back(item) for item in gone])


def _end_of(event: ContactListContent) -> datetime | None:
    if event.expires_on is None:
        return None
    return datetime.combine(event.expires_on + timedelta(days=1), time(), ZoneInfo(event.time_zone)).astimezone(UTC)


def _bring_back(item: WorkItem) -> Change:
    state = waiting_state(item.location)
    event_class = LeadQueuedV1 if state == QUEUED else LeadPendedV1
    event = event_class(lead=lead_ref(item), received_at=item.received_at)
    data = {"reason": "contact-list-reopened"}
    return Change(item=item, after=after(item, state), event=event, actor=None, data=data)
