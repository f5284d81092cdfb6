"""What a list of leads may be narrowed by, and how it becomes conditions: names are constants, values parameters."""

from dataclasses import dataclass, fields
from datetime import datetime

from lead_intake_svc.scope import Scope

# The condition of each filter, with its parameter's place left open.
_CONDITIONS = {
    "status": "coalesce(p.own_state, CASE WHEN l.status = 'accepted' THEN p.work_state END, l.status) = {0}",
    "project_id": "l.project_id = {0}",
    "sponsor_id": "l.sponsor_id = {0}",
    "partner_id": "l.partner_id = {0}",
    "external_id": "l.external_id = {0}",
    "phone": "l.phone = {0} AND l.id IN (SELECT lead_id FROM lead_identities WHERE kind IN ('phone', 'test-phone')"
    " AND value = {0} UNION ALL SELECT id FROM leads WHERE phone = {0} AND status = 'rejected')",
    "email": "l.email = {0} AND l.id IN (SELECT lead_id FROM lead_identities WHERE kind IN ('email', 'test-email')"
    " AND value = {0} UNION ALL SELECT id FROM leads WHERE email = {0} AND status = 'rejected')",
    "received_from": "l.received_at >= {0}",
    "received_to": "l.received_at < {0}",
    "before": "l.id < {0}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """`before` is the cursor: ids are sorted by time."""

    status: str | None = None
    project_id: str | None = None
    sponsor_id: str | None = None
    partner_id: str | None = None
    external_id: str | None = None
    phone: str | None = None
    email: str | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None
    before: str | None = None


def conditions_of(scope: Scope, filters: Filters) -> tuple[str, list[object]]:
    """The WHERE clause and its parameters."""
    wanted = [(_CONDITIONS[each.name], getattr(filters, each.name)) for each in fields(filters)]
    if scope.column is not None and len(scope.values) == 1:
        wanted.append((scope.column + " = {0}", scope.values[0]))
    elif scope.column is not None:
        wanted.append((scope.column + " = ANY({0}::text[])", scope.values))
    asked = [(condition, value) for condition, value in wanted if value is not None]
    clauses = [condition.format(f"${place}") for place, (condition, _) in enumerate(asked, start=1)]
    return " AND ".join(clauses) or "true", [value for _, value in asked]
