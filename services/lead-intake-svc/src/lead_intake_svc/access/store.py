"""All SQL of an access request."""

from collections.abc import Sequence
from typing import Any

from messaging.unit_of_work import UnitOfWork

_LEADS = """
SELECT l.id, l.partner_id, p.name AS partner, l.external_id, l.project_id, l.sponsor_id, l.contact_list_id, l.status,
    l.reason, l.test, l.location, l.first_name, l.last_name, l.phone, l.email, l.content, l.problems, l.duplicate_of,
    l.received_at, l.updated_at, g.work_state, g.own_state, g.contact_status
FROM leads AS l LEFT JOIN partners AS p ON p.id = l.partner_id LEFT JOIN lead_progress AS g ON g.lead_id = l.id
WHERE l.id = ANY($1::text[]) ORDER BY l.id
"""
_REVISIONS = """
SELECT lead_id, version, changed_at, before FROM lead_revisions WHERE lead_id = ANY($1::text[])
ORDER BY lead_id, version
"""
_TIMELINE = """
SELECT lead_id, at, event, summary, data FROM timeline WHERE lead_id = ANY($1::text[]) ORDER BY lead_id, at, event_id
"""
_RETURNS = """
SELECT id, kind, lead_id, partner_id, state, reason, comment, answer, evidence, requested_at, answered_at
FROM returns WHERE lead_id = ANY($1::text[]) ORDER BY id
"""
_SALES = "SELECT id, lead_id, buyer_id, state, sold_at FROM sales WHERE lead_id = ANY($1::text[]) ORDER BY id"
_SUPPRESSIONS = """
SELECT id, kind, scope, scope_id, created_at FROM suppressions
WHERE (kind, value) IN (SELECT * FROM unnest($1::text[], $2::text[])) ORDER BY id
"""
_HOLDS = """
SELECT id, lead_id, kind, reason, set_at, lifted_at FROM legal_holds
WHERE lead_id = ANY($1::text[]) OR (kind, value) IN (SELECT * FROM unnest($2::text[], $3::text[])) ORDER BY id
"""


async def read(work: UnitOfWork, lead_ids: Sequence[str], values: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Rows by what they are; `values` find suppressions and holds, as they are kept."""
    ids = list(lead_ids)
    pairs = ([kind for kind, _ in values], [value for _, value in values])
    by_lead = {
        "leads": _LEADS,
        "earlier_versions": _REVISIONS,
        "timeline": _TIMELINE,
        "returns": _RETURNS,
        "sales": _SALES,
    }
    found = {name: await work.fetch(statement, ids) for name, statement in by_lead.items()}
    found["suppressions"] = await work.fetch(_SUPPRESSIONS, *pairs)
    found["legal_holds"] = await work.fetch(_HOLDS, ids, *pairs)
    return {name: [dict(row) for row in rows] for name, rows in found.items()}
