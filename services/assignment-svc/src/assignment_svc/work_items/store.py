"""SQL of work items: reading them, and the one statement that moves them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Record
from contracts.events.assignment import AttemptLoggedV1
from messaging.unit_of_work import UnitOfWork

from assignment_svc.conditions import Conditions
from assignment_svc.work_items.change import Change
from assignment_svc.work_items.item import WorkItem

# The agent that a lead is kept for, or nobody: ''. The queue has a copy, which may be some seconds old.
KEPT_FOR = """coalesce((SELECT r.agent_id FROM account_responsibles r WHERE r.project_id = l.project_id
    AND r.account_id = l.content -> 'account' ->> 'external_id'), '')"""

ITEM_COLUMNS = """
w.lead_id, w.version, w.state, w.location, w.after_validation, w.validated, w.agent_id, w.claimed_at, w.attempts,
w.calls, w.next_attempt_at, w.reason, w.disposition_id, w.order_id,
l.partner_id, l.project_id, l.sponsor_id, l.contact_list_id, l.received_at
"""

FIND = f"SELECT {ITEM_COLUMNS} FROM work_items w JOIN leads l USING (lead_id) WHERE w.lead_id = ANY($1::text[])"

# Not a list of one: the length of a list is unknown beforehand, so that PostgreSQL plans it anew each time.
FIND_ONE = f"SELECT {ITEM_COLUMNS} FROM work_items w JOIN leads l USING (lead_id) WHERE w.lead_id = $1"

FIND_WITH_LOCK = f"""
SELECT {ITEM_COLUMNS}, k.holder, k.token
FROM work_items w JOIN leads l USING (lead_id) LEFT JOIN locks k ON k.lead_id = w.lead_id AND k.expires_at > now()
WHERE w.lead_id = $1
"""

OPEN_OF_AGENT = f"""
SELECT {ITEM_COLUMNS} FROM work_items w JOIN leads l USING (lead_id)
WHERE w.agent_id = $1 AND w.state = 'claimed' AND ($2::text IS NULL OR l.project_id = $2)
"""

# Since the claim, by our own clock: an agent's may be slow, and says when the call began.
CALLED = """EXISTS (SELECT FROM history e
    WHERE e.lead_id = w.lead_id AND e.event = 'attempt_logged' AND e.at >= w.claimed_at)"""

# The reminder may be older than the claim, the project passive, or the lock extended.
IDLE = f"""
SELECT {ITEM_COLUMNS}, p.status_after_request,
    greatest(k.expires_at, CASE WHEN w.claimed_at + p.lock_time > now() THEN w.claimed_at + p.lock_time END)
        AS locked_until,
    {CALLED} AS called
FROM work_items w JOIN leads l USING (lead_id) JOIN projects p ON p.project_id = l.project_id
LEFT JOIN locks k ON k.lead_id = w.lead_id AND k.holder = w.agent_id AND k.expires_at > now()
WHERE w.lead_id = ANY($1::text[]) AND w.state = 'claimed' AND p.state = 'active'
"""

ENDED = f"""
SELECT {ITEM_COLUMNS}, (c.expires_at <= now()) IS TRUE AS with_list
FROM work_items w JOIN leads l USING (lead_id) LEFT JOIN contact_lists c USING (contact_list_id)
WHERE w.lead_id = ANY($1::text[]) AND w.state IN ('queued', 'pending') AND w.expires_at <= now()
"""

# What enters the queue: `moved` has lead_id, state, old_state, priority, next_attempt_at, expires_at and called_back.
# A call-back that somebody was promised comes before what nobody waits for. The reminder of an expiry stays until it
# is due, whatever happens to the lead, so it is not set again for a lead that was waiting or claimed before.
ENTER = f"""), entering AS MATERIALIZED (
    SELECT m.lead_id, l.project_id, l.place_id, m.next_attempt_at, m.old_state, p.handed_out, p.speed_target,
        {KEPT_FOR} AS reserved_for,
        CASE WHEN m.called_back THEN -1 WHEN p.use_partner_priority IS FALSE THEN 0
             ELSE CASE m.priority WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END END AS rank,
        (extract(epoch FROM l.received_at) * 1000000)::bigint * CASE WHEN p.newest_first IS FALSE THEN 1 ELSE -1 END
            AS position
    FROM moved m JOIN leads l USING (lead_id) LEFT JOIN projects p USING (project_id)
    WHERE m.state = 'queued' AND m.old_state <> 'queued'
), entered AS (
    INSERT INTO queue (lead_id, project_id, place_id, reserved_for, rank, position, ready_at)
    SELECT lead_id, project_id, place_id, reserved_for, rank, position,
        CASE WHEN next_attempt_at > now() THEN next_attempt_at END
    FROM entering
), new_place AS (
    INSERT INTO queue_places (project_id, place_id) SELECT DISTINCT project_id, place_id FROM entering
    ON CONFLICT DO NOTHING RETURNING 1
), reminded AS (
    INSERT INTO timers (kind, subject, due_at)
    SELECT 'cooled', lead_id, next_attempt_at FROM entering WHERE next_attempt_at > now()
    UNION ALL
    SELECT 'expiry', lead_id, expires_at FROM moved WHERE expires_at IS NOT NULL
        AND (expires_at <= now() OR old_state NOT IN ('queued', 'pending', 'claimed', 'callback'))
    UNION ALL
    SELECT DISTINCT 'rule', project_id, now() FROM entering WHERE handed_out
    UNION ALL
    SELECT 'speed', lead_id, now() FROM entering
    WHERE speed_target IS NOT NULL AND old_state IN ('none', 'held', 'pending')
), noticed AS (
    UPDATE reference_version SET version = version + 1 WHERE EXISTS (SELECT FROM new_place)
"""

_SEATS_OF_ITEMS = """
    SELECT a.agent_id FROM agents a WHERE a.agent_id IN (
        SELECT w.agent_id FROM work_items w WHERE w.lead_id = ANY($1::text[]) AND w.state = 'claimed')
    ORDER BY a.agent_id FOR NO KEY UPDATE
"""

HOLD = f"""
WITH seats AS MATERIALIZED ({_SEATS_OF_ITEMS}), items AS MATERIALIZED (
    SELECT w.agent_id, w.state FROM work_items w
    WHERE w.lead_id = ANY($1::text[]) AND (SELECT count(*) FROM seats) >= 0
    ORDER BY w.lead_id FOR NO KEY UPDATE
)
SELECT coalesce(bool_and(i.state <> 'claimed' OR i.agent_id IN (SELECT agent_id FROM seats)), true) FROM items i
"""

# Compare-and-set on state, version and, where one is needed, the live lock; what depends on it happens to the rows
# that moved and to no others. Rows are taken in the one order that `work_items/hold.py` tells. The limit is for the
# planner: without it a list of JSON is 100 rows to it, for which it reads a table of a thousand items whole.
MOVE = f"""
WITH change AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1) AS c (
        lead_id text, old_version bigint, old_state text, old_agent_id text, state text, location text, agent_id text,
        attempts integer, calls integer, next_attempt_at timestamptz, reason text, disposition_id text,
        validated boolean, claimed_at timestamptz, event text, actor text, data jsonb, token bigint, keeps_lock boolean
    ) LIMIT $2
), seats AS MATERIALIZED (
    SELECT a.agent_id FROM agents a WHERE a.agent_id IN (
        SELECT c.old_agent_id FROM change c WHERE c.old_state = 'claimed'
        UNION SELECT c.agent_id FROM change c WHERE c.state = 'claimed')
    ORDER BY a.agent_id FOR NO KEY UPDATE
), held AS MATERIALIZED (
    SELECT w.lead_id FROM work_items w
    WHERE w.lead_id IN (SELECT c.lead_id FROM change c) AND (SELECT count(*) FROM seats) >= 0
    ORDER BY w.lead_id FOR NO KEY UPDATE
), moved AS (
    UPDATE work_items w SET
        version = w.version + 1, state = c.state, location = c.location, agent_id = c.agent_id,
        claimed_at = CASE
            WHEN c.state <> 'claimed' THEN NULL
            WHEN c.claimed_at IS NOT NULL THEN c.claimed_at
            WHEN c.old_state = 'claimed' AND c.old_agent_id = c.agent_id THEN w.claimed_at
            ELSE now() END,
        attempts = c.attempts, calls = c.calls, next_attempt_at = c.next_attempt_at, reason = c.reason,
        disposition_id = c.disposition_id, validated = c.validated, changed_at = now(),
        closed_at = CASE WHEN c.state IN ('resolved', 'converted', 'invalid') THEN now() END,
        expires_at = CASE WHEN c.state IN ('queued', 'pending') THEN (
            SELECT least(l.received_at + p.max_age, k.expires_at)
            FROM leads l LEFT JOIN projects p USING (project_id) LEFT JOIN contact_lists k USING (contact_list_id)
            WHERE l.lead_id = w.lead_id) END
    FROM change c
    WHERE w.lead_id = c.lead_id AND w.version = c.old_version AND w.state = c.old_state
      AND (SELECT count(*) FROM held) >= 0
      AND (c.token IS NULL OR EXISTS (
          SELECT FROM locks k WHERE k.lead_id = w.lead_id AND k.token = c.token AND k.expires_at > now()))
    RETURNING w.lead_id, w.version, w.state, w.agent_id, w.priority, w.next_attempt_at, w.expires_at,
        c.data ? 'due' AS called_back, c.old_state, c.old_agent_id, c.event, c.actor, c.data, c.keeps_lock
), left_queue AS (
    DELETE FROM queue WHERE lead_id IN (
        SELECT q.lead_id FROM queue q JOIN moved m USING (lead_id) WHERE m.old_state = 'queued' AND m.state <> 'queued'
        ORDER BY q.lead_id FOR UPDATE OF q)
{ENTER}), counted AS (
    UPDATE agents a SET open_claims = greatest(a.open_claims + d.difference, 0)
    FROM (
        SELECT agent_id, sum(difference)::integer AS difference FROM (
            SELECT old_agent_id AS agent_id, -1 AS difference FROM moved WHERE old_state = 'claimed'
            UNION ALL SELECT agent_id, 1 FROM moved WHERE state = 'claimed'
        ) AS each GROUP BY agent_id HAVING sum(difference) <> 0
    ) d
    WHERE a.agent_id = d.agent_id
    RETURNING 1
), unlocked AS (
    DELETE FROM locks k USING moved m
    WHERE k.lead_id = m.lead_id AND NOT m.keeps_lock AND (SELECT count(*) FROM counted) >= 0
), told AS (
    INSERT INTO history (lead_id, version, event, actor, agent_id, data)
    SELECT lead_id, version, event, actor, coalesce(agent_id, old_agent_id), data FROM moved
)
SELECT lead_id FROM moved
"""

VIEW_COLUMNS = f"""
{ITEM_COLUMNS}, w.priority, w.changed_at, l.external_id, l.first_name, l.last_name, l.phone, l.email, l.content,
pl.zones, o.version AS order_version, o.number AS order_number, o.status AS order_status, o.items AS order_items,
o.total AS order_total
"""

VIEW_TABLES = """
work_items w JOIN leads l USING (lead_id) JOIN places pl USING (place_id) LEFT JOIN orders o USING (order_id)
"""

VIEW = f"""
SELECT {VIEW_COLUMNS}, k.holder, k.token, k.acquired_at, k.expires_at AS lock_expires_at
FROM {VIEW_TABLES} LEFT JOIN locks k ON k.lead_id = w.lead_id AND k.expires_at > now()
WHERE w.lead_id = $1
"""

LIST = f"SELECT {VIEW_COLUMNS} FROM {VIEW_TABLES} WHERE {{}} ORDER BY w.lead_id DESC LIMIT {{}}"

HISTORY = """
SELECT position, version, at, event, actor, agent_id, data FROM history
WHERE lead_id = $1 AND ($2::bigint IS NULL OR position < $2) ORDER BY position DESC LIMIT $3
"""

NOTE = "INSERT INTO history (lead_id, version, event, actor, agent_id, data) VALUES ($1, $2, $3, $4, $5, $6)"

NOTE_OF_LEADS = """
INSERT INTO history (lead_id, version, event, agent_id, data)
SELECT w.lead_id, w.version, n.event, w.agent_id, n.data
FROM unnest($1::text[], $2::text[], $3::jsonb[]) WITH ORDINALITY AS n (lead_id, event, data, number)
JOIN work_items w USING (lead_id) ORDER BY n.number
"""

# What changes no state and is told to others takes a version all the same: events of a lead are numbered by it.
TOUCH = """
WITH touched AS (
    UPDATE work_items w SET version = w.version + 1, changed_at = now()
    WHERE w.lead_id = $1 AND w.version = $2 AND ($6::bigint IS NULL OR EXISTS (
        SELECT FROM locks k WHERE k.lead_id = w.lead_id AND k.token = $6 AND k.expires_at > now()))
    RETURNING w.lead_id, w.version, w.agent_id
), told AS (
    INSERT INTO history (lead_id, version, event, actor, agent_id, data)
    SELECT lead_id, version, $3, $4, agent_id, $5 FROM touched
)
SELECT version FROM touched
"""

# The claim goes on, so of what a transition does only this is to be done.
LOG_CALL = """
WITH called AS (
    UPDATE work_items w
    SET version = w.version + 1, calls = $4, next_attempt_at = NULL, reason = NULL, disposition_id = NULL,
        changed_at = now()
    WHERE w.lead_id = $1 AND w.version = $2 AND w.state = 'claimed' AND EXISTS (
        SELECT FROM locks k WHERE k.lead_id = w.lead_id AND k.token = $3 AND k.expires_at > now())
    RETURNING w.lead_id, w.version, w.agent_id
), told AS (
    INSERT INTO history (lead_id, version, event, actor, agent_id, data)
    SELECT lead_id, version, 'attempt_logged', $5, agent_id, $6 FROM called
), logged AS (
    INSERT INTO attempts (attempt_id, lead_id, agent_id, number, outcome, contacted, started_at, ended_at)
    SELECT $7, lead_id, $8, $4, $9, $10, $11, $12 FROM called
)
SELECT version FROM called
"""


@dataclass(frozen=True, slots=True)
class DueClaim:
    """A claim that somebody was to look after. `called`: a call was logged since."""

    item: WorkItem
    status_after_request: str
    locked_until: datetime | None
    called: bool


def item_of(row: Record) -> WorkItem:
    """From a row that begins with ITEM_COLUMNS."""
    return WorkItem(*tuple(row)[:19])


async def hold_items(work: UnitOfWork, lead_ids: Collection[str]) -> bool:
    """False when one of them changed hands between the look at it and the hold."""
    return bool(await work.fetchval(HOLD, list(lead_ids)))


async def find_items(work: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, WorkItem]:
    return {row["lead_id"]: item_of(row) for row in await work.fetch(FIND, lead_ids)}


async def find_item(work: UnitOfWork, lead_id: str) -> WorkItem | None:
    row = await work.fetchrow(FIND_ONE, lead_id)
    return None if row is None else item_of(row)


async def find_with_lock(work: UnitOfWork, lead_id: str) -> tuple[WorkItem | None, tuple[str, int] | None]:
    """The item, and holder and token of its live lock."""
    row = await work.fetchrow(FIND_WITH_LOCK, lead_id)
    if row is None:
        return None, None
    return item_of(row), None if row["holder"] is None else (row["holder"], row["token"])


async def find_claims(work: UnitOfWork, agent_id: str, project_id: str | None = None) -> list[WorkItem]:
    return [item_of(row) for row in await work.fetch(OPEN_OF_AGENT, agent_id, project_id)]


async def find_idle(work: UnitOfWork, lead_ids: Sequence[str]) -> list[DueClaim]:
    """Claims among the leads, in active projects."""
    return [DueClaim(item_of(row), *tuple(row)[19:]) for row in await work.fetch(IDLE, lead_ids)]


async def find_ended(work: UnitOfWork, lead_ids: Sequence[str]) -> list[tuple[WorkItem, str]]:
    """Waiting items among the leads whose time is over, each with the reason."""
    rows = await work.fetch(ENDED, lead_ids)
    return [(item_of(row), "contact-list" if row["with_list"] else "age") for row in rows]


async def move(work: UnitOfWork, changes: Sequence[Change]) -> set[str]:
    """Makes the transitions whose item is as it was decided upon; returns their leads. Publishes nothing."""
    if not changes:
        return set()
    return {row["lead_id"] for row in await work.fetch(MOVE, [_record(change) for change in changes], len(changes))}


def _record(change: Change) -> dict[str, Any]:
    item, new = change.item, change.after
    return {
        "lead_id": item.lead_id,
        "old_version": item.version,
        "old_state": item.state,
        "old_agent_id": item.agent_id,
        **{name: getattr(new, name) for name in new.__slots__},
        "event": _spoken(change.event.type),
        "actor": change.actor,
        "data": change.data,
        "token": change.token,
        "keeps_lock": change.keeps_lock,
    }


def _spoken(event_type: str) -> str:
    """`claimed` of `assignment.lead.claimed.v1`; `attempt_logged` of events that are not about the lead itself."""
    _, entity, happened, _ = event_type.split(".")
    return happened if entity == "lead" else f"{entity}_{happened}"


async def read_view(work: UnitOfWork, lead_id: str) -> Record | None:
    return await work.fetchrow(VIEW, lead_id)


async def list_views(work: UnitOfWork, where: Conditions, limit: int) -> list[Record]:
    """Newest first."""
    return await work.fetch(LIST.format(where.sql, where.value(limit)), *where.args)


async def read_history(work: UnitOfWork, lead_id: str, before: int | None, limit: int) -> list[Record]:
    return await work.fetch(HISTORY, lead_id, before, limit)


async def note_in_history(work: UnitOfWork, item: WorkItem, event: str, actor: str, data: dict[str, Any]) -> None:
    """For what changes no state, e.g. a broken lock."""
    await work.execute(NOTE, item.lead_id, item.version, event, actor, item.agent_id, data)


async def note_of_leads(work: UnitOfWork, notes: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
    """Lead, event and data of what the system says about leads, as far as they are here."""
    await work.execute(NOTE_OF_LEADS, *(list(column) for column in zip(*notes, strict=True)))


async def touch_item(
    work: UnitOfWork, item: WorkItem, told: tuple[str, str, Mapping[str, Any]], token: int | None
) -> int | None:
    """`told`: event, actor and data of the history entry. The new version; None when the item or its lock changed."""
    return await work.fetchval(TOUCH, item.lead_id, item.version, *told, token)


async def log_call(
    work: UnitOfWork, item: WorkItem, event: AttemptLoggedV1, token: int, data: Mapping[str, Any]
) -> int | None:
    """`data`: of the history entry. The item's new version; None when the item or its lock changed."""
    call = (event.attempt_id, event.agent_id, event.outcome, event.contacted, event.started_at, event.ended_at)
    return await work.fetchval(LOG_CALL, item.lead_id, item.version, token, event.number, event.actor, data, *call)
