"""The two statements of the group commit: what has to be known about a batch, and the batch written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts.envelope import OutgoingMessage
from lead_intake_svc.checks.email import domain_of
from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.intake.decide import Decided, IdentityRow, Known, Match, since
from messaging.unit_of_work import outbox_columns

_GUARD, _EXISTING, _SUPPRESSED, _IDENTITY = range(4)
_PARAMETERS = 14
# Each lateral probe reads an index and nothing else; a value shared by many leads is read from its newest end.
LOOK_UP = f"""
SELECT {_GUARD} AS what, 0 AS i, version AS n, NULL::text AS kind, NULL::text AS value, NULL::text AS lead_id,
    NULL::text AS partner_id
FROM change_counters WHERE name = 'suppressions'
UNION ALL
SELECT {_EXISTING}, asked.i, 0, NULL, NULL, found.id, NULL
FROM unnest($1::int[], $2::text[], $3::text[]) AS asked (i, partner_id, external_id)
CROSS JOIN LATERAL (
    SELECT id FROM leads WHERE partner_id = asked.partner_id AND external_id = asked.external_id LIMIT 1
) AS found
UNION ALL
SELECT {_SUPPRESSED}, asked.i, 0, NULL, NULL, NULL, NULL
FROM unnest($4::int[], $5::text[], $6::text[], $7::text[], $8::text[])
    AS asked (i, kind, value, sponsor_id, project_id)
CROSS JOIN LATERAL (
    SELECT 1 FROM suppressions AS s WHERE s.kind = asked.kind AND s.value = asked.value
    AND (s.scope = 'global' OR (s.scope = 'sponsor' AND s.scope_id = asked.sponsor_id)
        OR (s.scope = 'project' AND s.scope_id = asked.project_id)) LIMIT 1
) AS found
UNION ALL
SELECT {_IDENTITY}, asked.i, newest.n, asked.kind, asked.value, earlier.lead_id, earlier.partner_id
FROM unnest($9::int[], $10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[])
    AS asked (i, kind, value, scope, scope_id, since)
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
        duplicate_of, fingerprint, received_at)
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::bool[], $11::bool[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
        $17::text[], $18::text[], $19::jsonb[], $20::jsonb[], $21::text[], $22::bytea[], $23::timestamptz[])
    WHERE EXISTS (SELECT FROM unchanged)
    RETURNING 1
),
identified AS (
    INSERT INTO lead_identities (kind, value, n, lead_id, partner_id, project_id, sponsor_id, received_at)
    SELECT * FROM unnest($24::text[], $25::text[], $26::int[], $27::text[], $28::text[], $29::text[], $30::text[],
        $31::timestamptz[])
    WHERE EXISTS (SELECT FROM unchanged)
),
told AS (
    INSERT INTO outbox (id, type, subject, body)
    SELECT * FROM unnest($32::uuid[], $33::text[], $34::text[], $35::bytea[])
    WHERE EXISTS (SELECT FROM unchanged)
)
SELECT count(*) FROM stored
"""
LOCK_GUARD = "SELECT FROM change_counters WHERE name = 'suppressions' FOR SHARE"
_LEAD_COLUMNS = 22
_IDENTITY_COLUMNS = 8
_LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


async def look_up(connection: Any, candidates: Sequence[Candidate], now: datetime) -> Known:
    rows = await connection.fetch(LOOK_UP, *_parameters(candidates, now))
    guard = 0
    existing: dict[int, str] = {}
    suppressed: set[int] = set()
    duplicates: dict[int, Match] = {}
    numbers: dict[tuple[str, str], int] = {}
    for what, i, n, kind, value, lead_id, partner_id in rows:
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
    return Known(guard, existing, frozenset(suppressed), duplicates, numbers)


async def write(connection: Any, guard: int, decisions: Sequence[Decided], messages: Sequence[OutgoingMessage]) -> bool:
    """False when the suppressions have changed meanwhile; raises UniqueViolationError when somebody was faster."""
    # Every writer inserts in the same order: two that meet wait for each other once, never both ways.
    leads = sorted((_lead(decided) for decided in decisions), key=lambda lead: lead[1:3])
    identities = sorted(_identity(row, d.received_at) for d in decisions for row in d.identities)
    columns = [*_columns(leads, _LEAD_COLUMNS), *_columns(identities, _IDENTITY_COLUMNS)]
    stored: int = await connection.fetchval(WRITE, guard, *columns, *outbox_columns(messages))
    return stored == len(decisions)


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[Any]:
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _identity(row: IdentityRow, received_at: datetime) -> tuple[Any, ...]:
    ref = row.ref
    return (
        row.kind, row.value, row.number, ref.lead_id, ref.partner_id, ref.project_id, ref.sponsor_id, received_at
    )  # fmt: skip


def _lead(decided: Decided) -> tuple[Any, ...]:
    candidate = decided.candidate
    ref, person = candidate.ref, candidate.person
    return (
        ref.lead_id, ref.partner_id, candidate.external_id, ref.project_id, ref.sponsor_id, ref.contact_list_id,
        decided.status, decided.reason, ref.test, decided.held, candidate.asked_location, decided.location,
        candidate.partner.priority, person.first_name, person.last_name, person.phone, person.email,
        candidate.content, decided.problems, decided.duplicate and decided.duplicate.lead_id,
        candidate.fingerprint, decided.received_at,
    )  # fmt: skip


async def lock_guard(connection: Any) -> None:
    """Until the transaction ends, suppressions neither come nor go."""
    await connection.execute(LOCK_GUARD)


def _parameters(candidates: Sequence[Candidate], now: datetime) -> list[list[Any]]:
    columns: list[list[Any]] = [[] for _ in range(_PARAMETERS)]
    external, suppressible, identified = columns[:3], columns[3:8], columns[8:]
    for i, candidate in enumerate(candidates):
        _append(external, i, candidate.ref.partner_id, candidate.external_id)
        for kind, value in _suppressible(candidate):
            _append(suppressible, i, kind, value, candidate.ref.sponsor_id, candidate.ref.project_id)
        rule = candidate.project.duplicates
        scope_id = _scope_id(candidate, rule.scope)
        limit = since(candidate, now) or _LONG_AGO
        for kind, value in candidate.identities:
            asked = rule.scope if kind.removeprefix("test-") in rule.kinds else "none"
            _append(identified, i, kind, value, asked, scope_id, limit)
    return columns


def _append(columns: list[list[Any]], *values: Any) -> None:
    for column, value in zip(columns, values, strict=True):
        column.append(value)


def _suppressible(candidate: Candidate) -> list[tuple[str, str]]:
    phone, email = candidate.person.phone, candidate.person.email
    found = [("phone", phone)] if phone else []
    return [*found, ("email", email), ("domain", domain_of(email))] if email else found


def _scope_id(candidate: Candidate, scope: str) -> str | None:
    return {
        "partner": candidate.ref.partner_id,
        "project": candidate.ref.project_id,
        "sponsor": candidate.ref.sponsor_id,
    }.get(scope)
