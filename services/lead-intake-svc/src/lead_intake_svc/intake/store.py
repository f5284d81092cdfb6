"""The two statements of the group commit: what has to be known about a batch, and the batch written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from contracts.envelope import OutgoingMessage
from contracts.events.values import Problem
from lead_intake_svc.intake.candidate import Candidate, Content
from lead_intake_svc.intake.decide import Decided, IdentityRow, Known, Match, since
from messaging.unit_of_work import outbox_columns

_GUARD, _EXISTING, _SUPPRESSED, _IDENTITY = range(4)
# `partner_id || ''` keeps the plan off the index for a partner's list: a plan made while the table was empty took it,
# and would have read all of the partner's leads for each new one until the next ANALYZE.
# Each lateral probe reads an index and nothing else; a value shared by many leads is read from its newest end.
LOOK_UP = f"""
SELECT {_GUARD} AS what, 0 AS i, version AS n, NULL::text AS kind, NULL::text AS value, NULL::text AS lead_id,
    NULL::text AS partner_id, false AS returned
FROM change_counters WHERE name = 'suppressions'
UNION ALL
SELECT {_EXISTING}, asked.i, 0, NULL, NULL, found.id, NULL, false
FROM json_to_recordset($1::json) AS asked (i int, partner_id text, external_id text)
CROSS JOIN LATERAL (
    SELECT id FROM leads WHERE external_id = asked.external_id AND partner_id || '' = asked.partner_id LIMIT 1
) AS found
UNION ALL
SELECT {_SUPPRESSED}, asked.i, 0, NULL, NULL, NULL, NULL, false
FROM json_to_recordset($2::json) AS asked (i int, kind text, value text, hashed text, sponsor_id text, project_id text)
CROSS JOIN LATERAL (
    SELECT 1 FROM suppressions AS s WHERE s.kind = asked.kind AND s.value = ANY (ARRAY[asked.value, asked.hashed])
    AND (s.scope = 'global' OR (s.scope = 'sponsor' AND s.scope_id = asked.sponsor_id)
        OR (s.scope = 'project' AND s.scope_id = asked.project_id)) LIMIT 1
) AS found
UNION ALL
SELECT {_IDENTITY}, asked.i, newest.n, asked.kind, asked.value, earlier.lead_id, earlier.partner_id,
    asked.scope <> 'none' AND EXISTS (
        SELECT FROM lead_identities AS e WHERE e.kind = asked.kind AND e.value = asked.value AND e.returned
        AND e.partner_id = asked.partner_id AND e.received_at >= asked.since
    )
FROM json_to_recordset($3::json)
    AS asked (i int, kind text, value text, scope text, scope_id text, partner_id text, since timestamptz)
CROSS JOIN LATERAL (
    SELECT n FROM lead_identities WHERE kind = asked.kind AND value = asked.value ORDER BY n DESC LIMIT 1
) AS newest
LEFT JOIN LATERAL (
    SELECT e.lead_id, e.partner_id FROM lead_identities AS e
    WHERE e.kind = asked.kind AND e.value = asked.value AND e.received_at >= asked.since
    AND CASE asked.scope WHEN 'all' THEN true WHEN 'partner' THEN e.partner_id = asked.scope_id
        WHEN 'project' THEN e.project_id = asked.scope_id
        WHEN 'sponsor' THEN e.sponsor_id IS NOT DISTINCT FROM asked.scope_id ELSE false END
    ORDER BY e.n DESC LIMIT 1
) AS earlier ON true
"""
# Nothing is inserted when the suppressions have changed since they were looked up, and a number or an external id
# that somebody else has taken since fails the statement: in both cases the batch is decided anew.
WRITE = """
WITH unchanged AS (SELECT FROM change_counters WHERE name = 'suppressions' AND version = $1),
stored AS (
    INSERT INTO leads (id, partner_id, external_id, project_id, sponsor_id, contact_list_id, status, reason, test,
        held, asked_location, location, priority, first_name, last_name, phone, email, content, problems,
        duplicate_of, fingerprint, received_at, billable)
    SELECT * FROM json_to_recordset($2::json) AS lead (id text, partner_id text, external_id text, project_id text,
        sponsor_id text, contact_list_id text, status text, reason text, test bool, held bool, asked_location text,
        location text, priority text, first_name text, last_name text, phone text, email text, content jsonb,
        problems jsonb, duplicate_of text, fingerprint bytea, received_at timestamptz, billable bool)
    WHERE EXISTS (SELECT FROM unchanged)
    RETURNING 1
),
identified AS (
    INSERT INTO lead_identities (kind, value, n, lead_id, partner_id, project_id, sponsor_id, received_at)
    SELECT * FROM json_to_recordset($3::json) AS identity (kind text, value text, n int, lead_id text,
        partner_id text, project_id text, sponsor_id text, received_at timestamptz)
    WHERE EXISTS (SELECT FROM unchanged)
),
told AS (
    INSERT INTO outbox (id, type, subject, body)
    SELECT * FROM unnest($4::uuid[], $5::text[], $6::text[], $7::bytea[])
    WHERE EXISTS (SELECT FROM unchanged)
)
SELECT count(*) FROM stored
"""
LOCK_GUARD = "SELECT FROM change_counters WHERE name = 'suppressions' FOR SHARE"
_encode = msgspec.json.Encoder().encode
_LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class _StoredLead(msgspec.Struct, kw_only=True):
    """A row of `leads`: the names are columns."""

    id: str
    partner_id: str
    external_id: str
    project_id: str
    sponsor_id: str | None
    contact_list_id: str | None
    status: str
    reason: str | None
    test: bool
    held: bool
    asked_location: str | None
    location: str | None
    priority: str
    first_name: str | None
    last_name: str | None
    phone: str | None
    email: str | None
    content: Content
    problems: tuple[Problem, ...]
    duplicate_of: str | None
    fingerprint: str
    received_at: datetime
    billable: bool


class _StoredIdentity(msgspec.Struct, kw_only=True):
    """A row of `lead_identities`: the names are columns."""

    kind: str
    value: str
    n: int
    lead_id: str
    partner_id: str
    project_id: str
    sponsor_id: str | None
    received_at: datetime


async def look_up(connection: Any, candidates: Sequence[Candidate], now: datetime) -> Known:
    rows = await connection.fetch(LOOK_UP, *_parameters(candidates, now))
    guard = 0
    existing: dict[int, str] = {}
    suppressed: set[int] = set()
    returned: set[int] = set()
    duplicates: dict[int, Match] = {}
    numbers: dict[tuple[str, str], int] = {}
    for what, i, n, kind, value, lead_id, partner_id, was_returned in rows:
        if what == _GUARD:
            guard = n
        elif what == _EXISTING:
            existing[i] = lead_id
        elif what == _SUPPRESSED:
            suppressed.add(i)
        else:
            numbers[kind, value] = n
            if lead_id is not None:
                duplicates[i] = Match(lead_id, partner_id)
            if was_returned:
                returned.add(i)
    return Known(guard, existing, frozenset(suppressed), duplicates, numbers, frozenset(returned))


async def write(connection: Any, guard: int, decisions: Sequence[Decided], messages: Sequence[OutgoingMessage]) -> bool:
    """False when the suppressions have changed meanwhile; raises UniqueViolationError when somebody was faster."""
    # Every writer inserts in the same order: two that meet wait for each other once, never both ways.
    leads = sorted((_lead(decided) for decided in decisions), key=lambda lead: (lead.external_id, lead.partner_id))
    identities = sorted(
        (_identity(row, decided.received_at) for decided in decisions for row in decided.identities),
        key=lambda row: (row.kind, row.value, row.n),
    )
    # One JSON text instead of 30 arrays: asyncpg looks at each element of an array, which costs as much as all checks.
    parameters = (_encode(leads).decode(), _encode(identities).decode())
    stored: int = await connection.fetchval(WRITE, guard, *parameters, *outbox_columns(messages))
    return stored == len(decisions)


def _identity(row: IdentityRow, received_at: datetime) -> _StoredIdentity:
    ref = row.ref
    return _StoredIdentity(
        kind=row.kind,
        value=row.value,
        n=row.number,
        lead_id=ref.lead_id,
        partner_id=ref.partner_id,
        project_id=ref.project_id,
        sponsor_id=ref.sponsor_id,
        received_at=received_at,
    )


def _lead(decided: Decided) -> _StoredLead:
    candidate = decided.candidate
    ref, person = candidate.ref, candidate.person
    return _StoredLead(
        id=ref.lead_id,
        partner_id=ref.partner_id,
        external_id=candidate.external_id,
        project_id=ref.project_id,
        sponsor_id=ref.sponsor_id,
        contact_list_id=ref.contact_list_id,
        status=decided.status,
        reason=decided.reason,
        test=ref.test,
        held=decided.held,
        asked_location=candidate.asked_location,
        location=decided.location,
        priority=candidate.partner.priority,
        first_name=person.first_name,
        last_name=person.last_name,
        phone=person.phone,
        email=person.email,
        content=candidate.content,
        problems=decided.problems,
        duplicate_of=decided.duplicate.lead_id if decided.duplicate is not None else None,
        fingerprint="\\x" + candidate.fingerprint.hex(),
        received_at=decided.received_at,
        billable=decided.billable,
    )


async def lock_guard(connection: Any) -> None:
    """Until the transaction ends, suppressions neither come nor go."""
    await connection.execute(LOCK_GUARD)


def _parameters(candidates: Sequence[Candidate], now: datetime) -> list[str]:
    external: list[dict[str, Any]] = []
    suppressible: list[dict[str, Any]] = []
    identified: list[dict[str, Any]] = []
    for i, candidate in enumerate(candidates):
        ref, rule = candidate.ref, candidate.project.duplicates
        external.append({"i": i, "partner_id": ref.partner_id, "external_id": candidate.external_id})
        about = {"i": i, "sponsor_id": ref.sponsor_id, "project_id": ref.project_id}
        for kind, value, hashed in candidate.suppressible:
            suppressible.append({"kind": kind, "value": value, "hashed": hashed, **about})
        limit = {"i": i, "scope_id": _scope_id(candidate, rule.scope), "since": since(candidate, now) or _LONG_AGO}
        limit["partner_id"] = ref.partner_id
        for kind, value in candidate.identities:
            asked = rule.scope if kind.removeprefix("test-") in rule.kinds else "none"
            identified.append({"kind": kind, "value": value, "scope": asked, **limit})
    return [_encode(rows).decode() for rows in (external, suppressible, identified)]


def _scope_id(candidate: Candidate, scope: str) -> str | None:
    return {
        "partner": candidate.ref.partner_id,
        "project": candidate.ref.project_id,
        "sponsor": candidate.ref.sponsor_id,
    }.get(scope)
