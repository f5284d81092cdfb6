"""`Why not?` (A3.12), and the same question when a call starts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, Kind, not_found

from assignment_svc.queue.eligibility import store
from assignment_svc.queue.hours import Place, always_callable, calling_week, rule_of
from assignment_svc.queue.windows import next_open, open_at


@dataclass(frozen=True, slots=True)
class Failing:
    key: str
    code: str
    detail: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Asking:
    """`cap`: how many open claims an agent may have; `offline_after`: how long one may say nothing and be online.

    `now`: for the clocks of E4; the rest takes the database's.
    """

    lead_id: str
    agent_id: str
    cap: int
    offline_after: timedelta
    now: datetime


async def examine_lead(work: UnitOfWork, asking: Asking) -> list[Failing]:
    """Every condition that does not hold, by its number; raises 404 for a lead that is not there."""
    facts = await store.examine(work, (asking.cap, asking.offline_after), asking.lead_id, asking.agent_id)
    if facts is None:
        raise not_found()
    failing = [
        Failing(condition.key, condition.code, condition.detail, facts[f"{condition.key}_until"])
        for condition in store.ALL
        if not facts[condition.key]
    ]
    outside = _outside_hours(facts, asking.now)
    return _by_number([*failing, *outside])


async def refuse_unless_callable(work: UnitOfWork, lead_id: str, agent_id: str, now: datetime) -> None:
    """Raises 409 when the agent who has the lead may not call it now, 404 for a lead that is not there."""
    facts = await store.examine_call(work, lead_id, agent_id)
    if facts is None:
        raise not_found()
    conditions = [Failing(one.key, one.code, one.detail, None) for one in store.CALLING if not facts[one.key]]
    failing = _by_number([*conditions, *_outside_hours(facts, now)])
    if not failing:
        return
    code = "campaign-passive" if _keys(failing) == {"project"} else "not-eligible"
    told = [{"code": one.code, "detail": one.detail} for one in failing]
    raise DomainError(Kind.CONFLICT, code, " ".join(one.detail for one in failing), extra={"failing": told})


def _by_number(failing: Sequence[Failing]) -> list[Failing]:
    return sorted(failing, key=lambda one: int(one.code.removeprefix("E")))


def _keys(failing: Sequence[Failing]) -> Collection[str]:
    return {one.key for one in failing}


def _outside_hours(facts: Record, now: datetime) -> list[Failing]:
    if facts["calling_mode"] is None:
        return [Failing("hours", "E4", "The project's calling hours are not known yet.", None)]
    rule = rule_of(facts)
    place = Place(facts["country"], facts["region"], tuple(facts["zones"]), facts["hours"])
    if always_callable(rule, place):
        return []
    if not place.zones:
        return [Failing("hours", "E4", "The time zone of the phone number is not known.", None)]
    week = calling_week(rule, place)
    if open_at(week, place.zones, now):
        return []
    detail = "It is outside the calling hours in at least one time zone where the number may be."
    return [Failing("hours", "E4", detail, next_open(week, place.zones, now))]
