"""Agents, partners and suppressions, as identity-svc and lead-intake-svc say."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from asyncpg import Record
from contracts.events.identity import UserContent, UserDeactivatedV1
from contracts.events.intake import (
    PartnerContent,
    SuppressionContent,
    SuppressionEntry,
    SuppressionListChangedV1,
    SuppressionRemovedV1,
    SuppressionsContent,
    SuppressionsRemovedV1,
)
from contracts.events.values import CallingHours
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from assignment_svc.callbacks.fall_due import forget_agent
from assignment_svc.leads.receive_leads import settle_partners
from assignment_svc.leads.suppress import suppress_by
from assignment_svc.queue.hours import hours_text
from assignment_svc.reference import store
from assignment_svc.timers.store import remind
from assignment_svc.work_items.give_back import give_back
from assignment_svc.work_items.store import find_claims
from assignment_svc.work_items.transition import transition

# Nothing that stores leads takes so long.
_LOOK_AGAIN: Final = timedelta(seconds=3)


async def receive_user(work: UnitOfWork, received: Received[UserContent]) -> None:
    """Claims of somebody who no longer works here go back, without an attempt."""
    event = received.event
    active = event.active and not isinstance(event, UserDeactivatedV1)
    works = await store.store_agent(
        work, event.user_id, received.envelope.sequence, event.name, event.access_level, active, event.permissions
    )
    if works is False:
        claims = await find_claims(work, event.user_id)
        await transition(work, [give_back(item, None, why="agent-inactive") for item in claims])
        await forget_agent(work, event.user_id)


async def receive_partner(work: UnitOfWork, received: Received[PartnerContent]) -> None:
    """I2.7: a new priority holds for the partner's open leads, too; so do its calling hours (E4)."""
    event = received.event
    hours = _narrowing(event.calling_hours)
    before = await store.store_partner(work, event.partner_id, received.envelope.sequence, event.priority, hours)
    if before is None:
        return
    old_priority, old_hours = before
    if old_priority not in {None, event.priority}:
        await store.prioritise_anew(work, event.partner_id, event.priority)
    if old_hours != hours:
        await settle_partners(work, [event.partner_id])
        await remind(work, "partner", [event.partner_id], _LOOK_AGAIN)


def _narrowing(hours: CallingHours | None) -> str:
    """Only hours of its own narrow those of a project; `statutory` and `always` leave them as they are."""
    return hours_text(hours.from_, hours.until, hours.days) if hours and hours.mode == "custom" else ""


async def receive_suppressions(
    work: UnitOfWork, batch: Sequence[Received[SuppressionContent | SuppressionsContent]]
) -> None:
    """I2.18: leads already inside are swept at once. A removal brings nothing back: people decide that."""
    ordered = sorted(batch, key=lambda received: received.envelope.sequence)
    rows = {
        entry.suppression_id: {
            "suppression_id": entry.suppression_id,
            "version": received.envelope.sequence,
            "identity": f"{entry.kind}:{entry.value}",
            "scope": entry.scope,
            "scope_id": entry.scope_id,
            "removed": isinstance(received.event, SuppressionRemovedV1 | SuppressionsRemovedV1),
        }
        for received in ordered
        for entry in _entries(received.event)
    }
    stored = await store.store_suppressions(work, list(rows.values()))
    await sweep(work, stored)
    await remind(work, "sweep", [row["suppression_id"] for row in stored if not row["removed"]], _LOOK_AGAIN)


async def receive_suppression_list(work: UnitOfWork, received: Received[SuppressionListChangedV1]) -> None:
    """E5: leads whose project demands fresh national lists are not called while one of them is out of date."""
    event = received.event
    values = (event.scope, event.scope_id, event.fresh_until)
    await store.store_suppression_list(work, event.list_id, received.envelope.sequence, *values)


async def sweep_again(work: UnitOfWork, suppression_ids: Sequence[str]) -> None:
    """A lead that was being stored while its suppression was saw neither, so each is swept twice."""
    await sweep(work, await store.read_suppressions(work, suppression_ids))


def _entries(event: SuppressionContent | SuppressionsContent) -> Sequence[SuppressionContent | SuppressionEntry]:
    return event.entries if isinstance(event, SuppressionsContent) else [event]


async def sweep(work: UnitOfWork, suppressions: Sequence[Record]) -> None:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for row in suppressions:
        if not row["removed"]:
            by_kind[row["kind"]].append(row["suppression_id"])
    for kind, suppression_ids in by_kind.items():
        await suppress_by(work, kind, suppression_ids)
