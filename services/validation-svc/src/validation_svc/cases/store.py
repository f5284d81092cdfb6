"""SQL of cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Record
from contracts.events.values import LeadRef
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

from validation_svc.cases.rules import Decision

# A lead that was not held has no case; an update of one that was is stored even when it comes first.
UPSERT_CASES = """
INSERT INTO cases AS c (
    lead_id, partner_id, project_id, sponsor_id, contact_list_id, received_at, lead_version, content
)
SELECT lead_id, partner_id, project_id, sponsor_id, contact_list_id, received_at, lead_version, content
FROM jsonb_to_recordset($1) AS l(
    lead_id text, partner_id text, project_id text, sponsor_id text, contact_list_id text,
    received_at timestamptz, held boolean, lead_version bigint, content jsonb
)
WHERE held OR EXISTS (SELECT FROM cases k WHERE k.lead_id = l.lead_id)
ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE
SET sponsor_id = excluded.sponsor_id, contact_list_id = excluded.contact_list_id,
    lead_version = excluded.lead_version, content = excluded.content
WHERE c.lead_version < excluded.lead_version
RETURNING lead_id, xmax = 0 AS opened
"""

_COLUMNS = """
    c.lead_id, c.partner_id, c.project_id, c.sponsor_id, c.contact_list_id, c.state, c.attempts, c.version,
    c.received_at, c.opened_at, c.decided_by, c.decided_at, c.content,
    (SELECT p.name FROM projects p WHERE p.project_id = c.project_id) AS project_name
"""

# One statement decides: whoever comes second waits for the row, sees it decided, and changes nothing. Rows are
# locked in the order of their ids, so that overlapping batches cannot wait for each other in a circle.
DECIDE = f"""
WITH asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1) AS a(lead_id text, status text, note text, version bigint)
), locked AS MATERIALIZED (
    SELECT l.lead_id FROM cases l JOIN asked USING (lead_id) ORDER BY l.lead_id FOR UPDATE OF l
), c AS (
    UPDATE cases AS c
    SET state = CASE
            WHEN asked.status <> 'unconfirmed' THEN asked.status
            WHEN c.attempts + 1 >= $3 THEN 'exhausted'
            ELSE 'unconfirmed' END,
        attempts = c.attempts + (asked.status = 'unconfirmed')::int,
        version = c.version + 1, decided_by = $2, decided_at = now()
    FROM locked JOIN asked USING (lead_id)
    WHERE c.lead_id = locked.lead_id
      AND (c.state = 'unconfirmed' OR ($4 AND c.state = 'exhausted' AND asked.status <> 'unconfirmed'))
      AND (asked.version IS NULL OR asked.version = c.version)
    RETURNING c.*, asked.note
), noted AS (
    INSERT INTO case_notes (lead_id, version, by, status, text)
    SELECT lead_id, version, $2, state, note FROM c WHERE note IS NOT NULL
)
SELECT {_COLUMNS}, c.note FROM c
"""

REOPEN = f"""
WITH c AS (
    UPDATE cases AS c
    SET state = 'unconfirmed', attempts = 0, version = c.version + 1, decided_by = NULL, decided_at = NULL
    WHERE lead_id = $1 AND state IN ('rejected', 'exhausted')
    RETURNING c.*
), noted AS (
    INSERT INTO case_notes (lead_id, version, by, status, text) SELECT lead_id, version, $2, 'reopened', $3 FROM c
)
SELECT {_COLUMNS} FROM c
"""

READ_CASE = f"SELECT {_COLUMNS} FROM cases c WHERE lead_id = $1"
READ_NOTES = "SELECT version, at, by, status, text FROM case_notes WHERE lead_id = $1 ORDER BY version"
READ_LAST_DECISIONS = """
SELECT c.lead_id, c.state, c.attempts, c.version, c.decided_by, c.decided_at, n.text AS note
FROM cases c LEFT JOIN case_notes n ON n.lead_id = c.lead_id AND n.version = c.version
WHERE c.lead_id = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class CaseFilters:
    """Without `status`, everything but what was rejected: that has left the listing (V4.4)."""

    status: str | None = None
    project_id: str | None = None
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Decider:
    """`decides_exhausted`: may settle what validators tried in vain."""

    user_id: str
    decides_exhausted: bool


async def upsert_cases(work: UnitOfWork, rows: Sequence[dict[str, Any]]) -> list[str]:
    """One row per lead; says which leads got their case by it."""
    return [row["lead_id"] for row in await work.fetch(UPSERT_CASES, rows) if row["opened"]]


async def decide(work: UnitOfWork, asked: Sequence[Decision], by: Decider, max_attempts: int) -> dict[str, Record]:
    """The cases that the decisions changed, by lead id. At most one decision per lead."""
    rows = await work.fetch(DECIDE, asked, by.user_id, max_attempts, by.decides_exhausted)
    return {row["lead_id"]: row for row in rows}


async def reopen(work: UnitOfWork, lead_id: str, by: str, reason: str) -> Record | None:
    return await work.fetchrow(REOPEN, lead_id, by, reason)


async def read_last_decisions(work: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, Record]:
    return {row["lead_id"]: row for row in await work.fetch(READ_LAST_DECISIONS, lead_ids)}


async def read_case(database: Database, lead_id: str) -> Record | None:
    return await database.pool.fetchrow(READ_CASE, lead_id)


async def read_notes(database: Database, lead_id: str) -> list[Record]:
    return await database.pool.fetch(READ_NOTES, lead_id)


async def list_cases(
    database: Database, filters: CaseFilters, after: tuple[Any, ...] | None, limit: int
) -> list[Record]:
    """Oldest first, up to `limit` rows after the key (received_at, lead_id)."""
    parameters: list[Any] = []

    def parameter(value: Any) -> str:
        parameters.append(value)
        return f"${len(parameters)}"

    wanted = [f"c.state = {parameter(filters.status)}" if filters.status else "c.state <> 'rejected'"]
    if filters.project_id is not None:
        wanted.append(f"c.project_id = {parameter(filters.project_id)}")
    if filters.attempts is not None:
        wanted.append(f"c.attempts = {parameter(filters.attempts)}")
    if after is not None:
        wanted.append(f"(c.received_at, c.lead_id) > ({parameter(after[0])}, {parameter(after[1])})")
    query = f"""
        SELECT {_COLUMNS} FROM cases c WHERE {" AND ".join(wanted)}
        ORDER BY c.received_at, c.lead_id LIMIT {parameter(limit)}
    """
    return await database.pool.fetch(query, *parameters)


def lead_ref(row: Record) -> LeadRef:
    return LeadRef(
        lead_id=row["lead_id"],
        partner_id=row["partner_id"],
        project_id=row["project_id"],
        sponsor_id=row["sponsor_id"],
        contact_list_id=row["contact_list_id"],
    )
