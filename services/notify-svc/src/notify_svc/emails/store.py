"""SQL of the ledger, apart from sending."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record
from contracts.ids import lowest_id
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

INSERT_EMAILS = """
INSERT INTO emails (
    id, cause_id, template, template_version, recipient, domain, lead_id, sponsor_id, lead, variables, trace, at_once,
    to_person, next_attempt_at
)
SELECT n.id, n.cause_id, n.template,
    coalesce(n.template_version, (SELECT h.version FROM template_heads h WHERE h.key = n.template)),
    n.recipient, n.domain, n.lead_id, n.sponsor_id, n.lead, n.variables, n.trace, n.at_once, n.to_person, now()
FROM jsonb_to_recordset($1) AS n(
    id text, cause_id uuid, template text, template_version integer, recipient text, domain text, lead_id text,
    sponsor_id text, lead jsonb, variables jsonb, trace jsonb, at_once boolean, to_person boolean
)
WHERE NOT EXISTS (SELECT FROM erased_leads x WHERE x.lead_id = n.lead_id)
  AND NOT EXISTS (
    SELECT FROM digest_items d WHERE (d.cause_id, d.recipient, d.template) = (n.cause_id, n.recipient, n.template)
)
ON CONFLICT (cause_id, recipient, template) DO NOTHING
"""

_COLUMNS = """
    id, cause_id, template, template_version, recipient, lead_id, lead, state, attempts, message_id, reply_code, reply,
    reason, created_at, sent_at, CASE WHEN state <> 'sending' THEN next_attempt_at END AS next_attempt_at
"""
READ_EMAIL = f"SELECT {_COLUMNS} FROM emails WHERE id = $1"
READ_LOG = "SELECT at, attempt, event, code, reply, by FROM email_log WHERE email_id = $1 ORDER BY id"

# A mail that somebody asks for again has three days again, and its old id for whoever has it already.
RESEND = f"""
WITH again AS (
    UPDATE emails
    SET state = 'queued', next_attempt_at = now(), give_up_at = NULL, reason = NULL, lost_replies = 0, lost_leases = 0,
        version = version + 1
    WHERE id = $1 AND erased_at IS NULL AND state IN ('sent', 'failed', 'unknown', 'suppressed')
      AND NOT EXISTS (SELECT FROM email_suppressions s WHERE s.address = recipient)
    RETURNING *
), logged AS (
    INSERT INTO email_log (email_id, attempt, event, by) SELECT id, attempts, 'resend-asked', $2 FROM again
)
SELECT {_COLUMNS} FROM again
"""


@dataclass(frozen=True, slots=True)
class EmailFilters:
    state: str | None = None
    lead_id: str | None = None
    recipient: str | None = None
    template: str | None = None
    since: datetime | None = None


async def insert_emails(work: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    await work.execute(INSERT_EMAILS, rows)


async def read_email(database: Database, email_id: str) -> Record | None:
    return await database.reader.fetchrow(READ_EMAIL, email_id)


async def read_log(database: Database, email_id: str) -> list[Record]:
    return await database.reader.fetch(READ_LOG, email_id)


async def resend(work: UnitOfWork, email_id: str, by: str) -> Record | None:
    """None when it is unknown, under way, or suppressed."""
    return await work.fetchrow(RESEND, email_id, by)


async def read_state(work: UnitOfWork, email_id: str) -> Record | None:
    return await work.fetchrow("SELECT state, erased_at IS NOT NULL AS erased FROM emails WHERE id = $1", email_id)


async def list_emails(database: Database, filters: EmailFilters, before: str | None, limit: int) -> list[Record]:
    """Newest first, up to `limit` rows before the id."""
    parameters: list[Any] = []
    wanted = ["true"]
    for column in ("state", "lead_id", "recipient", "template"):
        value = getattr(filters, column)
        if value is not None:
            parameters.append(value)
            wanted.append(f"{column} = ${len(parameters)}")
    if filters.since is not None:  # ids are sortable by time
        parameters.append(lowest_id("eml", filters.since))
        wanted.append(f"id >= ${len(parameters)}")
    if before is not None:
        parameters.append(before)
        wanted.append(f"id < ${len(parameters)}")
    parameters.append(limit)
    query = f"SELECT {_COLUMNS} FROM emails WHERE {' AND '.join(wanted)} ORDER BY id DESC LIMIT ${len(parameters)}"
    return await database.reader.fetch(query, *parameters)


async def read_by_cause(work: UnitOfWork, cause_id: UUID) -> Record:
    """Of a cause that makes one mail."""
    row = await work.fetchrow(f"SELECT {_COLUMNS} FROM emails WHERE cause_id = $1", cause_id)
    assert row is not None  # noqa: S101 -- the caller made it
    return row
