"""SQL of cases: opening, reading, deciding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from asyncpg import Record
from contracts.events.values import LeadRef
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

from validation_svc.cases.rules import Decision

# Shared by whoever opens cases, exclusive for whoever erases: an erasure sees every case, or is seen by it.
LOCK_OPENING = "SELECT pg_advisory_xact_lock_shared(hashtextextended('validation-svc.erasure', 0))"

# A lead that was not held has no case; an update of one that was is stored even when it comes first.
UPSERT_CASES = """
INSERT INTO cases AS c (
    lead_id, partner_id, project_id, sponsor_id, contact_list_id, received_at, due_at, first_check_valid,
    lead_version, content
)
SELECT lead_id, partner_id, project_id, sponsor_id, contact_list_id, received_at, received_at, first_check_valid,
    lead_version, content
FROM jsonb_to_recordset($1) AS l(
    lead_id text, partner_id text, project_id text, sponsor_id text, contact_list_id text,
    received_at timestamptz, held boolean, first_check_valid boolean, lead_version bigint, content jsonb
)
WHERE (held OR EXISTS (SELECT FROM cases k WHERE k.lead_id = l.lead_id))
  AND NOT EXISTS (SELECT FROM erased_leads e WHERE e.lead_id = l.lead_id)
ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE
SET sponsor_id = excluded.sponsor_id, contact_list_id = excluded.contact_list_id,
    first_check_valid = excluded.first_check_valid, lead_version = excluded.lead_version, content = excluded.content
WHERE c.lead_version < excluded.lead_version
RETURNING lead_id, xmax = 0 AS opened
"""

COLUMNS = """
    c.lead_id, c.partner_id, c.project_id, c.sponsor_id, c.contact_list_id, c.state, c.attempts, c.version,
    c.received_at, c.opened_at, c.decided_by, c.decided_at, c.content, c.first_check_valid, c.flagged_by, c.shown,
    c.delivered_at, c.leased_by, c.leased_until,
    COALESCE(c.billable, (c.content ->> 'billable')::boolean, true) AS billable,
    EXISTS (SELECT FROM returns r WHERE r.lead_id = c.lead_id AND r.stands) AS returning,
    (SELECT p.name FROM projects p WHERE p.project_id = c.project_id) AS project_name
"""

# One statement decides: whoever comes second waits for the row, sees it decided, and changes nothing. Rows are
# locked in the order of their ids, so that overlapping batches cannot wait for each other in a circle.
DECIDE = f"""
WITH asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1)
        AS a(lead_id text, status text, note text, version bigint, lease_token text)
), locked AS MATERIALIZED (
    SELECT l.lead_id FROM cases l JOIN asked USING (lead_id)
    WHERE $6 OR l.shown ORDER BY l.lead_id FOR UPDATE OF l
), c AS (
    UPDATE cases AS c
    SET state = CASE
            WHEN asked.status <> 'unconfirmed' THEN asked.status
            WHEN c.attempts + 1 >= COALESCE(
                (SELECT p.max_attempts FROM projects p WHERE p.project_id = c.project_id), $3
            ) THEN 'exhausted'
            ELSE 'unconfirmed' END,
        attempts = c.attempts + (asked.status = 'unconfirmed')::int,
        version = c.version + 1, decided_by = $2, decided_at = now(), due_at = now() + $5,
        leased_by = NULL, lease_token = NULL, leased_until = NULL
    FROM locked JOIN asked USING (lead_id)
    WHERE c.lead_id = locked.lead_id
      AND (c.state = 'unconfirmed' OR ($4 AND c.state = 'exhausted' AND asked.status <> 'unconfirmed'))
      AND (c.shown OR ($6 AND asked.status = 'rejected'))
      AND (asked.version IS NULL OR asked.version = c.version)
      AND (asked.lease_token IS NULL OR asked.lease_token = c.lease_token)
      AND NOT EXISTS (SELECT FROM returns r WHERE r.lead_id = c.lead_id AND r.stands)
    RETURNING c.*, asked.note
), noted AS (
    INSERT INTO case_notes (lead_id, version, by, status, text)
    SELECT lead_id, version, $2, state, note FROM c WHERE note IS NOT NULL
)
SELECT {COLUMNS}, c.note,
    (SELECT p.propose_return FROM projects p WHERE p.project_id = c.project_id) AS propose_return
FROM c
"""

REOPEN = f"""
WITH c AS (
    UPDATE cases AS c
    SET state = 'unconfirmed', attempts = 0, version = c.version + 1, decided_by = NULL, decided_at = NULL,
        due_at = c.received_at
    WHERE lead_id = $1 AND state IN ('rejected', 'exhausted')
      AND NOT EXISTS (SELECT FROM returns r WHERE r.lead_id = c.lead_id AND r.stands)
    RETURNING c.*
), noted AS (
    INSERT INTO case_notes (lead_id, version, by, status, text) SELECT lead_id, version, $2, 'reopened', $3 FROM c
)
SELECT {COLUMNS} FROM c
"""

FLAG = f"""
WITH c AS (
    UPDATE cases AS c
    SET flagged_by = CASE WHEN $3 THEN $2 END, version = c.version + 1,
        leased_by = NULL, lease_token = NULL, leased_until = NULL
    WHERE lead_id = $1 AND state IN ('unconfirmed', 'exhausted') AND (flagged_by IS NOT NULL) <> $3
    RETURNING c.*
), noted AS (
    INSERT INTO case_notes (lead_id, version, by, status, text)
    SELECT lead_id, version, $2, CASE WHEN $3 THEN 'flagged' ELSE 'unflagged' END, $4 FROM c
)
SELECT {COLUMNS} FROM c
"""

READ_CASE = f"SELECT {COLUMNS} FROM cases c WHERE lead_id = $1 AND ($2 OR c.shown)"
# What the client said about billing is no validator's business.
NOTES_OF_VALIDATORS = "n.status NOT IN ('invalidated', 'revalidated')"
READ_NOTES = f"""
SELECT version, at, by, status, text FROM case_notes n
WHERE lead_id = $1 AND ($2 OR {NOTES_OF_VALIDATORS}) ORDER BY version
"""
READ_STANDING = """
SELECT c.lead_id, c.state, c.attempts, c.version, c.decided_by, c.decided_at, c.shown, c.lease_token, n.text AS note,
    EXISTS (SELECT FROM returns r WHERE r.lead_id = c.lead_id AND r.stands) AS returning
FROM cases c LEFT JOIN case_notes n ON n.lead_id = c.lead_id AND n.version = c.version
WHERE c.lead_id = ANY($1) AND ($2 OR c.shown)
"""


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides: `sees_all` cases or only those that are shown to validators; `decides_exhausted` ones or not."""

    user_id: str
    sees_all: bool
    decides_exhausted: bool


@dataclass(frozen=True, slots=True)
class AttemptRules:
    """`max_attempts` for projects that nobody told us of; the next attempt comes `retry_after` the last."""

    max_attempts: int
    retry_after: timedelta


async def upsert_cases(work: UnitOfWork, rows: Sequence[dict[str, Any]]) -> list[str]:
    """One row per lead; says which leads got their case by it. What was erased stays erased."""
    await work.execute(LOCK_OPENING)
    return [row["lead_id"] for row in await work.fetch(UPSERT_CASES, rows) if row["opened"]]


async def decide(work: UnitOfWork, asked: Sequence[Decision], by: Decider, rules: AttemptRules) -> dict[str, Record]:
    """The cases that the decisions changed, by lead id. At most one decision per lead."""
    rows = await work.fetch(
        DECIDE, asked, by.user_id, rules.max_attempts, by.decides_exhausted, rules.retry_after, by.sees_all
    )
    return {row["lead_id"]: row for row in rows}


async def reopen(work: UnitOfWork, lead_id: str, by: str, reason: str) -> Record | None:
    return await work.fetchrow(REOPEN, lead_id, by, reason)


async def flag(work: UnitOfWork, lead_id: str, by: str, *, valid: bool, reason: str) -> Record | None:
    return await work.fetchrow(FLAG, lead_id, by, valid, reason)


async def read_standing(work: UnitOfWork, lead_ids: Sequence[str], *, sees_all: bool) -> dict[str, Record]:
    """What stands in the way of a step, with the note of the step that came first."""
    return {row["lead_id"]: row for row in await work.fetch(READ_STANDING, lead_ids, sees_all)}


async def read_case(database: Database, lead_id: str, *, sees_all: bool) -> Record | None:
    return await database.reader.fetchrow(READ_CASE, lead_id, sees_all)


async def read_notes(database: Database | UnitOfWork, lead_id: str, *, sees_all: bool) -> list[Record]:
    source = database if isinstance(database, UnitOfWork) else database.reader
    return await source.fetch(READ_NOTES, lead_id, sees_all)


def lead_ref(row: Record) -> LeadRef:
    return LeadRef(
        lead_id=row["lead_id"],
        partner_id=row["partner_id"],
        project_id=row["project_id"],
        sponsor_id=row["sponsor_id"],
        contact_list_id=row["contact_list_id"],
    )
