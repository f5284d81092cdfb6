"""Makes hold what the levels say, and does what follows for leads that are there already."""

from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.queue_rules import store
from assignment_svc.queue_rules.rules import resolve
from assignment_svc.reference.store import age_anew, find_worn_out, notice, order_anew
from assignment_svc.work_items.expire import expire
from assignment_svc.work_items.transition import transition


async def settle_rules(work: UnitOfWork, project_id: str | None, *, is_new: bool = False) -> None:
    """Of one project, or of all when the centre's word changed; `is_new`: leads may have come before their project."""
    levels = await store.read_levels(work, project_id)
    before = {row["project_id"]: row for row in levels}
    for now in await store.write_rules(work, [_held(row) for row in levels]):
        await _follow(work, None if is_new else before[now["project_id"]], now)
    await notice(work)


def _held(row: Record) -> dict[str, Any]:
    said = (row["centre"], row["project"])
    own_lock = {} if row["lock_minutes"] is None else {"lock_minutes": row["lock_minutes"]}
    return {
        **resolve(*said, row["campaign"], own_lock),
        **{name: row[name] for name in ("project_id", "handed_out", "claims_per_agent")},
        "project_lock_minutes": resolve(*said)["lock_minutes"],
    }


async def _follow(work: UnitOfWork, before: Record | None, now: Record) -> None:
    project_id = now["project_id"]
    if before is None or any(before[name] != now[name] for name in ("newest_first", "use_partner_priority")):
        await order_anew(work, project_id)
    if before is None or before["max_age"] != now["max_age"]:
        await age_anew(work, project_id=project_id)
    if before is None or before["max_attempts"] > now["max_attempts"]:
        worn_out = await find_worn_out(work, project_id, now["max_attempts"])
        await transition(work, [expire(item, "attempts") for item in worn_out])
    if now["speed_target"] is not None and (before is None or before["speed_target"] != now["speed_target"]):
        await store.start_clocks(work, project_id)
