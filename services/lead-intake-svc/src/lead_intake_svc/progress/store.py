"""SQL of what other services say about leads: whole batches in one statement each."""

from collections.abc import Sequence
from typing import Any

from messaging.unit_of_work import UnitOfWork

# A lower version than the stored one changes nothing, so the order of arrival does not matter.
_WORK = """
INSERT INTO lead_progress AS p (lead_id, partner_id, sponsor_id, work_version, work_state, work_agent_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
ON CONFLICT (lead_id) DO UPDATE SET work_state = excluded.work_state, work_version = excluded.work_version,
    work_agent_id = excluded.work_agent_id
WHERE p.work_version < excluded.work_version
"""
_CASES = """
INSERT INTO lead_progress AS p (lead_id, partner_id, sponsor_id, case_version, contact_status)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
ON CONFLICT (lead_id) DO UPDATE SET contact_status = excluded.contact_status, case_version = excluded.case_version
WHERE p.case_version < excluded.case_version
"""
_BILLABLE = """
INSERT INTO lead_progress AS p (lead_id, partner_id, sponsor_id, billable_version, billable)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::boolean[])
ON CONFLICT (lead_id) DO UPDATE SET billable = excluded.billable, billable_version = excluded.billable_version
WHERE p.billable_version < excluded.billable_version
"""
# An erased lead has no story: what is told of it late, or again, is not kept.
_TIMELINE = """
INSERT INTO timeline (lead_id, at, event_id, actor, event, summary, data)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
    AS told (lead_id, at, event_id, actor, event, summary, data)
WHERE NOT EXISTS (SELECT FROM erased_leads AS e WHERE e.lead_id = told.lead_id)
ON CONFLICT DO NOTHING
"""


async def set_work_states(work: UnitOfWork, rows: Sequence[tuple[Any, ...]]) -> None:
    """`rows`: lead, partner, sponsor, version, state, agent; one per lead, by lead: two consumers never deadlock."""
    await work.execute(_WORK, *zip(*rows, strict=True))


async def set_contact_statuses(work: UnitOfWork, rows: Sequence[tuple[Any, ...]]) -> None:
    """`rows`: lead, partner, sponsor, version, status; one per lead, sorted by lead."""
    await work.execute(_CASES, *zip(*rows, strict=True))


async def set_billable(work: UnitOfWork, rows: Sequence[tuple[Any, ...]]) -> None:
    """`rows`: lead, partner, sponsor, version, whether; one per lead, sorted by lead."""
    await work.execute(_BILLABLE, *zip(*rows, strict=True))


async def add_entries(work: UnitOfWork, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.execute(_TIMELINE, *zip(*rows, strict=True))
