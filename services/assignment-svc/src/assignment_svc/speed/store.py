"""SQL of the speed-to-lead clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.queue.hours import CallingRule, Place, rule_of

CLOCKS = """
SELECT w.lead_id, l.project_id, w.state, w.calls, l.received_at, p.speed_target,
    p.speed_warning,
    (SELECT a.started_at FROM attempts a WHERE a.lead_id = w.lead_id AND a.number = 1) AS called_at,
    p.calling_mode, p.calling_from, p.calling_until, p.calling_days, p.available_from, p.available_until,
    pl.country, pl.region, pl.zones, pl.hours
FROM work_items w JOIN leads l USING (lead_id) JOIN places pl USING (place_id)
JOIN projects p ON p.project_id = l.project_id
WHERE w.lead_id = ANY($1::text[])
"""


@dataclass(frozen=True, slots=True)
class Timed:
    """A lead with what its clock runs by; `target` None: nobody set one."""

    lead_id: str
    project_id: str
    state: str
    received_at: datetime
    target: timedelta | None
    warning: timedelta
    called_at: datetime | None
    rule: CallingRule
    place: Place


async def find_timed(work: UnitOfWork, lead_ids: Sequence[str]) -> list[Timed]:
    return [_timed(row) for row in await work.fetch(CLOCKS, lead_ids)]


def _timed(row: Record) -> Timed:
    return Timed(
        row["lead_id"],
        row["project_id"],
        row["state"],
        row["received_at"],
        row["speed_target"],
        row["speed_warning"],
        row["called_at"],
        rule_of(row),
        Place(row["country"], row["region"], tuple(row["zones"]), row["hours"]),
    )
