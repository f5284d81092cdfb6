"""SQL of call-backs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import ITEM_COLUMNS, item_of

COLUMNS = (
    "c.callback_id, c.lead_id, c.project_id, c.agent_id, c.version, c.status, c.private, c.at, c.time_zone, c.note"
)

INSERT = """
INSERT INTO callbacks (callback_id, lead_id, project_id, agent_id, private, at, time_zone, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

FIND = f"SELECT {COLUMNS} FROM callbacks c WHERE c.callback_id = $1 AND c.status IN ('scheduled', 'due')"

FIND_OPEN = f"SELECT {COLUMNS} FROM callbacks c WHERE c.lead_id = $1 AND c.status IN ('scheduled', 'due')"

LIST = f"""
SELECT {COLUMNS} FROM callbacks c
WHERE c.status IN ('scheduled', 'due') AND ($1::text IS NULL OR c.agent_id = $1)
  AND ($2::text IS NULL OR c.project_id = $2) AND ($3::timestamptz IS NULL OR (c.at, c.callback_id) > ($3, $4))
ORDER BY c.at, c.callback_id LIMIT $5
"""

CHANGE = f"""
UPDATE callbacks c SET at = $3, private = $4, time_zone = $5, note = $6, status = 'scheduled', version = c.version + 1
WHERE c.callback_id = $1 AND c.version = $2 AND c.status IN ('scheduled', 'due') RETURNING {COLUMNS}
"""

SET_STATUS = """
UPDATE callbacks SET status = $2, version = version + 1
WHERE callback_id = ANY($1::text[]) AND status IN ('scheduled', 'due')
"""

ZONES = "SELECT pl.zones FROM leads l JOIN places pl USING (place_id) WHERE l.lead_id = $1"

REMINDED = f"""
SELECT {ITEM_COLUMNS}, c.callback_id, c.agent_id AS promised_by, c.status, c.private, c.at, c.time_zone, c.note,
    p.state = 'active' AS is_active,
    c.private AND EXISTS (SELECT FROM agents a
        WHERE a.agent_id = c.agent_id AND a.active AND a.access_level = 'leads_agent') AS is_private,
    c.at + p.callback_public_after AS public_at
FROM callbacks c JOIN work_items w USING (lead_id) JOIN leads l USING (lead_id)
JOIN projects p ON p.project_id = l.project_id
WHERE c.callback_id = ANY($1::text[]) AND c.status IN ('scheduled', 'due') AND w.state = 'callback'
"""

# In the order in which claims take agents, before anything of a claim is locked.
LOCK_AGENTS = """
SELECT agent_id FROM agents WHERE agent_id = ANY($1::text[]) ORDER BY agent_id FOR NO KEY UPDATE
"""

DUE = f"""
SELECT {ITEM_COLUMNS}, c.callback_id, c.at AS promised_at
FROM callbacks c JOIN work_items w USING (lead_id) JOIN leads l USING (lead_id)
WHERE c.agent_id = $1 AND c.status = 'due' AND c.private AND w.state = 'callback'
  AND ($2::text IS NULL OR l.project_id = $2)
  AND ($3::timestamptz IS NULL OR (c.at, c.callback_id) > ($3, $4::text))
ORDER BY c.at, c.callback_id LIMIT 20 FOR NO KEY UPDATE OF w SKIP LOCKED
"""

OF_AGENT = "SELECT callback_id FROM callbacks WHERE agent_id = $1 AND private AND status = 'due'"


@dataclass(frozen=True, slots=True)
class Callback:
    callback_id: str
    lead_id: str
    project_id: str
    agent_id: str
    version: int
    status: str
    private: bool
    at: datetime
    time_zone: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Promise:
    item: WorkItem
    callback_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reminded:
    """An open call-back whose lead waits for it. `is_private`: its agent still works here.

    `public_at`: when a private one that nobody made becomes everybody's. `is_active`: the project is.
    """

    item: WorkItem
    callback_id: str
    agent_id: str
    status: str
    private: bool
    at: datetime
    time_zone: str | None
    note: str | None
    is_active: bool
    is_private: bool
    public_at: datetime


async def insert_callback(work: UnitOfWork, new: Callback) -> None:
    values = (new.callback_id, new.lead_id, new.project_id, new.agent_id, new.private, new.at, new.time_zone, new.note)
    await work.execute(INSERT, *values)


async def find_callback(work: UnitOfWork, callback_id: str) -> Callback | None:
    """An open one."""
    row = await work.fetchrow(FIND, callback_id)
    return None if row is None else Callback(*row)


async def find_of_lead(work: UnitOfWork, lead_id: str) -> Callback | None:
    row = await work.fetchrow(FIND_OPEN, lead_id)
    return None if row is None else Callback(*row)


async def list_callbacks(work: UnitOfWork, *filters: Any) -> list[Callback]:
    """Filters: agent, project, after this time and id, limit."""
    return [Callback(*row) for row in await work.fetch(LIST, *filters)]


async def change_callback(work: UnitOfWork, new: Callback) -> Callback | None:
    """None when its version is no longer the newest, or it is over."""
    row = await work.fetchrow(CHANGE, new.callback_id, new.version, new.at, new.private, new.time_zone, new.note)
    return None if row is None else Callback(*row)


async def set_status(work: UnitOfWork, callback_ids: Sequence[str], status: str) -> None:
    if callback_ids:
        await work.execute(SET_STATUS, callback_ids, status)


async def read_zones(work: UnitOfWork, lead_id: str) -> list[str]:
    return list(await work.fetchval(ZONES, lead_id) or [])


async def find_reminded(work: UnitOfWork, callback_ids: Sequence[str]) -> list[Reminded]:
    return [Reminded(item_of(row), *tuple(row)[19:]) for row in await work.fetch(REMINDED, callback_ids)]


async def lock_agents(work: UnitOfWork, agent_ids: Sequence[str]) -> None:
    await work.execute(LOCK_AGENTS, agent_ids)


async def find_due(
    work: UnitOfWork, agent_id: str, project_id: str | None, after: Promise | None = None
) -> list[Promise]:
    """Some of the leads that the agent promised to call by now, the earliest first; taken before anybody else can.
    `after`: the last of those that were looked at before.
    """
    place = (None, None) if after is None else (after.at, after.callback_id)
    rows: list[Record] = await work.fetch(DUE, agent_id, project_id, *place)
    return [Promise(item_of(row), row["callback_id"], row["promised_at"]) for row in rows]


async def find_due_of(work: UnitOfWork, agent_id: str) -> list[str]:
    return [row["callback_id"] for row in await work.fetch(OF_AGENT, agent_id)]
