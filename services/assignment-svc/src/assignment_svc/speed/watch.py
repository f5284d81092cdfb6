"""Raises the alarm before a lead has waited too long for its first call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from contracts.events.assignment import AlarmRaisedV1
from messaging.unit_of_work import UnitOfWork

from assignment_svc.alarms.raise_alarm import raise_alarm
from assignment_svc.queue.hours import always_callable, calling_week
from assignment_svc.speed import rules, store
from assignment_svc.speed.store import Timed
from assignment_svc.timers.store import remind_at
from assignment_svc.work_items.item import OPEN

ALARM: Final = "speed-to-lead"
_ONCE: Final = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Reading:
    """`due_at`: when the target is reached if nobody calls; None: never, or no target. `running`: right now."""

    elapsed: timedelta
    due_at: datetime | None
    warn_at: datetime | None
    running: bool


def read_clock(one: Timed, now: datetime) -> Reading:
    end = one.called_at or now
    waits = one.called_at is None and one.state in OPEN
    warn_after = None if one.target is None else one.target - one.warning
    if always_callable(one.rule, one.place):
        due_at = None if one.target is None else one.received_at + one.target
        warn_at = None if warn_after is None else one.received_at + warn_after
        return Reading(max(end - one.received_at, timedelta(0)), due_at, warn_at, waits)
    week, zones = calling_week(one.rule, one.place), one.place.zones
    passed = rules.elapsed(week, zones, one.received_at, end)
    due_at = None if one.target is None else rules.reached_at(week, zones, one.received_at, one.target)
    warn_at = None if warn_after is None else rules.reached_at(week, zones, one.received_at, warn_after)
    return Reading(
        passed, due_at, warn_at, waits and rules.elapsed(week, zones, now, now + rules.A_MOMENT) > timedelta(0)
    )


async def watch(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    """The timer's handler: warns of leads that nobody called, once each, or looks again when it will be time."""
    now = datetime.now(UTC)
    again: list[tuple[str, datetime]] = []
    for one in await store.find_timed(work, lead_ids):
        if one.target is None or one.called_at is not None or one.state not in OPEN:
            continue
        warn_at = read_clock(one, now).warn_at
        if warn_at is None:
            continue
        if warn_at > now:
            again.append((one.lead_id, warn_at))
        else:
            await raise_alarm(work, _alarm(one), _ONCE)
    await remind_at(work, "speed", again)


def _alarm(one: Timed) -> AlarmRaisedV1:
    minutes = int((one.target or timedelta(0)).total_seconds() // 60)
    detail = f"Nobody has called the lead yet; it is to be called within {minutes} minutes of calling hours."
    return AlarmRaisedV1(alarm=ALARM, key=one.lead_id, detail=detail, project_id=one.project_id, lead_id=one.lead_id)
