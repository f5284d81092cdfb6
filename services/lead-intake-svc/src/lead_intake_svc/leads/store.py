"""SQL of reading leads and their timelines."""

from datetime import datetime
from typing import Any

from asyncpg import Record
from lead_intake_svc.leads.filters import Filters, conditions_of
from lead_intake_svc.scope import EVERYTHING, Scope
from messaging.unit_of_work import UnitOfWork

_SHOWN = """
SELECT l.id, l.partner_id, l.external_id, l.project_id, l.sponsor_id, l.contact_list_id, l.status AS intake_status,
    l.reason, l.test, l.held, l.asked_location, l.location, l.priority, l.first_name, l.last_name, l.phone, l.email,
    l.content, l.problems, l.billable AND coalesce(p.billable, true) AS billable, l.consent_revoked_at,
    l.duplicate_of, l.received_at, l.updated_at, l.version, p.work_state, p.work_agent_id, p.own_state,
    p.contact_status, d.partner_id AS duplicate_partner_id
FROM leads AS l
LEFT JOIN lead_progress AS p ON p.lead_id = l.id
LEFT JOIN leads AS d ON d.id = l.duplicate_of
"""
_HOLD = "SELECT FROM leads WHERE id = $1 FOR NO KEY UPDATE"
_WHOLE = """
SELECT l.id, l.partner_id, l.external_id, l.project_id, l.sponsor_id, l.contact_list_id, l.test, l.status, l.held,
    l.location, l.priority, l.first_name, l.last_name, l.phone, l.email, l.content, l.problems, l.billable,
    l.received_at, l.version, p.own_state, p.work_state, p.contact_status, j.after_validation, j.region
FROM leads AS l
LEFT JOIN lead_progress AS p ON p.lead_id = l.id
LEFT JOIN projects AS j ON j.id = l.project_id
WHERE l.id = $1
"""
_NEXT_VERSION = "UPDATE leads SET version = version + 1 WHERE id = $1 RETURNING version"
# All that leads ($1) were ever known by, as identities are kept: also the numbers that they had before somebody
# corrected them.
KNOWN_BY = """
SELECT l.id, CASE WHEN l.test THEN 'test-' ELSE '' END || k.kind AS kind, k.value
FROM leads AS l CROSS JOIN LATERAL (
    SELECT 'phone', l.phone UNION SELECT 'email', l.email
    UNION SELECT 'phone', r.before ->> 'phone' FROM lead_revisions AS r WHERE r.lead_id = l.id
    UNION SELECT 'email', r.before ->> 'email' FROM lead_revisions AS r WHERE r.lead_id = l.id
) AS k (kind, value)
WHERE l.id = ANY($1::text[]) AND k.value IS NOT NULL
"""
# What intake itself did is read from the lead and its revisions, so that a push writes no entry.
_TIMELINE = """
SELECT at, key, actor, event, summary, data FROM (
    SELECT at, event_id::text AS key, actor, event, summary, data FROM timeline WHERE lead_id = $1
    UNION ALL
    SELECT received_at, '0', partner_id, 'intake.lead.' || status || '.v1',
        'Lead ' || status || coalesce(' (' || reason || ')', ''),
        jsonb_strip_nulls(jsonb_build_object('location', location, 'asked_location', asked_location, 'reason', reason))
    FROM leads WHERE id = $1 AND first_status IS NULL
    UNION ALL
    SELECT changed_at, to_char(version, '0000000000'), NULL, 'intake.lead.updated.v1', 'Lead updated',
        jsonb_build_object('fields', changed_fields)
    FROM lead_revisions WHERE lead_id = $1
) AS entries
WHERE $2::timestamptz IS NULL OR (at, key) < ($2, $3)
ORDER BY at DESC, key DESC LIMIT $4
"""


async def fetch_page(work: UnitOfWork, scope: Scope, filters: Filters, limit: int) -> list[Record]:
    if len(scope.values) > 1:
        return await _fetch_merged(work, scope, filters, limit)
    where, values = conditions_of(scope, filters)
    statement = f"{_SHOWN} WHERE {where} ORDER BY l.id DESC LIMIT ${len(values) + 1}"
    return await work.fetch(statement, *values, limit)


async def _fetch_merged(work: UnitOfWork, scope: Scope, filters: Filters, limit: int) -> list[Record]:
    """The newest of each, by its index, and of these the newest: with `= ANY` all of theirs would be sorted."""
    where, values = conditions_of(EVERYTHING, filters)
    own, most = f"${len(values) + 1}", f"${len(values) + 2}"
    statement = f"""{_SHOWN} WHERE l.id = ANY (ARRAY(
        SELECT newest.id FROM unnest({own}::text[]) AS own (id) CROSS JOIN LATERAL (
            SELECT l.id FROM leads AS l LEFT JOIN lead_progress AS p ON p.lead_id = l.id
            WHERE {scope.column} = own.id AND {where} ORDER BY l.id DESC LIMIT {most}
        ) AS newest ORDER BY newest.id DESC LIMIT {most}
    )) ORDER BY l.id DESC"""
    return await work.fetch(statement, *values, scope.values, limit)


async def find(work: UnitOfWork, scope: Scope, lead_id: str) -> Record | None:
    """None for a lead that is unknown or outside the scope."""
    where, values = conditions_of(scope, Filters())
    return await work.fetchrow(f"{_SHOWN} WHERE {where} AND l.id = ${len(values) + 1}", *values, lead_id)


async def fetch_timeline(
    work: UnitOfWork, lead_id: str, before: tuple[datetime, str] | None, limit: int
) -> list[Record]:
    at, key = before or (None, None)
    rows: list[Any] = await work.fetch(_TIMELINE, lead_id, at, key, limit)
    return rows


async def find_whole(work: UnitOfWork, lead_id: str) -> Record | None:
    """With all that `lead_content` needs; the lead's row is held, and read after that."""
    await work.execute(_HOLD, lead_id)
    return await work.fetchrow(_WHOLE, lead_id)


async def next_version(work: UnitOfWork, lead_id: str) -> int:
    """For an event about the lead that changes nothing in its row. The caller holds it."""
    return int(await work.fetchval(_NEXT_VERSION, lead_id))
