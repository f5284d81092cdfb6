"""All SQL of returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from asyncpg import Record
from lead_intake_svc.leads.store import KNOWN_BY
from lead_intake_svc.where import where
from messaging.unit_of_work import UnitOfWork

_COLUMNS = """r.id, r.kind, r.lead_id, r.sale_id, r.partner_id, r.project_id, r.sponsor_id, r.state, r.reason,
    r.comment, r.answer, r.refusal, r.warning, r.evidence, r.on_no_answer, r.requested_at, r.requested_by, r.answer_by,
    r.answered_at, r.answered_by, r.disputed_at, r.disputed_by, r.lapsed_at, r.flags, r.version"""
TERMS = """p.id AS terms_id, p.active, p.sells_leads, p.buys_leads, p.return_reasons, p.return_window_days,
    p.return_answer_days, p.return_on_no_answer, p.max_return_rate, p.return_rate_days, p.return_rate_action,
    p.include_comments_with_return, p.lead_price"""
_LOCK_PARTNERS = f"""
SELECT {TERMS} FROM partners AS p
WHERE p.id = ANY (ARRAY(SELECT DISTINCT partner_id FROM leads WHERE id = ANY($1::text[])))
ORDER BY p.id FOR NO KEY UPDATE
"""
_LOCK_BUYER = f"SELECT {TERMS} FROM partners AS p WHERE p.id = $1 FOR NO KEY UPDATE"
# Whoever changes what a lead is (returned, sold, erased, revised) holds its row; all take several in this order.
_LOCK_LEADS = "SELECT FROM leads WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE"
# A statement of its own: one that waited for a lock would still see what it had read beside the locked rows before.
_READ_LEADS = """
SELECT l.id, l.partner_id, l.project_id, l.sponsor_id, l.contact_list_id, l.external_id, l.test, l.status,
    l.received_at, l.content, l.duplicate_of, d.partner_id AS duplicate_partner_id, l.billable,
    g.own_state, g.work_state
FROM leads AS l
LEFT JOIN leads AS d ON d.id = l.duplicate_of
LEFT JOIN lead_progress AS g ON g.lead_id = l.id
WHERE l.id = ANY($1::text[])
"""
# `requested_at` says when it was proposed until it is requested.
_INSERT = f"""
INSERT INTO returns AS r (id, kind, lead_id, sale_id, partner_id, project_id, sponsor_id, state, reason, comment,
    refusal, warning, evidence, on_no_answer, requested_at, requested_by, answer_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT DO NOTHING RETURNING {_COLUMNS}
"""
_CONFIRM = f"""
UPDATE returns AS r SET state = 'requested', reason = $2, comment = $3, refusal = NULL, warning = $4,
    evidence = r.evidence || $5, on_no_answer = $6, requested_at = $7, requested_by = $8, answer_by = $9,
    version = version + 1
WHERE lead_id = $1 AND kind = $10 AND state = 'proposed' RETURNING {_COLUMNS}
"""
_ANSWER = f"""
UPDATE returns AS r SET state = $3, answered_at = $5, answered_by = $6, version = version + 1,
    answer = CASE WHEN EXISTS (SELECT FROM erased_leads AS e WHERE e.lead_id = r.lead_id) THEN NULL
        ELSE coalesce($4, answer) END
WHERE id = $1 AND version = $2 RETURNING {_COLUMNS}
"""
_DISPUTE = f"""
UPDATE returns AS r SET state = 'disputed', comment = coalesce($3, comment), disputed_at = $4, disputed_by = $5,
    version = version + 1
WHERE id = $1 AND version = $2 RETURNING {_COLUMNS}
"""
_DISMISS = f"""
UPDATE returns AS r SET state = 'dismissed', answered_at = $2, answered_by = $3, version = version + 1
WHERE id = $1 AND state = 'proposed' RETURNING {_COLUMNS}
"""
# Several workers share the work; a return that somebody answers at this moment is not theirs.
_TAKE_DUE = f"""
SELECT {_COLUMNS} FROM returns AS r WHERE state = 'requested' AND answer_by <= $1
ORDER BY answer_by LIMIT $2 FOR UPDATE SKIP LOCKED
"""
_LAPSE = f"""
UPDATE returns AS r SET state = $2, lapsed_at = $3, version = version + 1,
    answered_at = CASE WHEN $2 = 'accepted' THEN $3::timestamptz END
WHERE id = $1 RETURNING {_COLUMNS}
"""
_LEAD_OF = """
SELECT l.id, l.partner_id, l.project_id, l.sponsor_id, l.contact_list_id, l.test, l.external_id
FROM leads AS l WHERE l.id = $1
"""
_FIND = f"SELECT {_COLUMNS} FROM returns AS r WHERE r.id = $1 AND ($2::text IS NULL OR r.partner_id = $2)"
_LEAD_OF_RETURN = """
SELECT lead_id FROM returns WHERE id = $1 AND ($2::text IS NULL OR partner_id = $2)
"""
_OPEN_OF_LEAD = f"""
SELECT {_COLUMNS} FROM returns AS r WHERE lead_id = $1 AND kind = 'purchase' AND state = 'requested' FOR UPDATE
"""
_LIST = f"SELECT {_COLUMNS} FROM returns AS r"
_CONDITIONS = {
    "own": "r.partner_id = {0} AND r.state NOT IN ('proposed', 'dismissed')",
    "partner_id": "r.partner_id = {0}",
    "state": "r.state = {0}",
    "lead_id": "r.lead_id = {0}",
    "project_id": "r.project_id = {0}",
    "kind": "r.kind = {0}",
    "flag": "r.flags @> ARRAY[{0}::text] AND r.flags <> '{{}}'",
    "before": "r.id < {0}",
}
_EVIDENCE = """
SELECT lead_id, event, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at, data FROM timeline
WHERE lead_id = ANY($1::text[]) AND (event LIKE 'validation.case.%' OR event IN ('assignment.attempt.logged.v1',
    'assignment.lead.resolved.v1', 'assignment.lead.invalidated.v1'))
ORDER BY lead_id, timeline.at, event_id
"""
_RETURNED = """
SELECT count(*) FROM returns
WHERE partner_id = $1 AND requested_at >= $2 AND state IN ('requested', 'disputed', 'lapsed', 'accepted')
"""
# Ids are sorted by time, so the index of a partner's leads gives exactly those of the window.
_RECEIVED = """
SELECT count(*) FROM leads WHERE partner_id = $1 AND id >= $2 AND status = 'accepted' AND NOT test
"""
_SOLD = "SELECT count(*) FROM sales WHERE buyer_id = $1 AND sold_at >= $2"
_SET_OWN_STATE = """
INSERT INTO lead_progress AS p (lead_id, own_state) VALUES ($1, $2)
ON CONFLICT (lead_id) DO UPDATE SET own_state = excluded.own_state WHERE p.own_state IS DISTINCT FROM 'erased'
"""
_MARK_RETURNED = f"""
UPDATE lead_identities AS i SET returned = true FROM ({KNOWN_BY}) AS known
WHERE i.kind = known.kind AND i.value = known.value AND i.lead_id = known.id
"""
_SET_FLAGS = f"""
UPDATE returns AS r SET flags = $2, version = version + 1 WHERE id = $1 RETURNING {_COLUMNS}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which returns; `own` is the partner that looks, `before` the id that the page before ended with."""

    own: str | None
    partner_id: str | None = None
    state: str | None = None
    lead_id: str | None = None
    project_id: str | None = None
    kind: str | None = None
    flag: str | None = None
    before: str | None = None


async def lock_partners(work: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, Record]:
    return {row["terms_id"]: row for row in await work.fetch(_LOCK_PARTNERS, sorted(lead_ids))}


async def lock_buyer(work: UnitOfWork, buyer_id: str) -> Record | None:
    return await work.fetchrow(_LOCK_BUYER, buyer_id)


async def lock_leads(work: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, Record]:
    wanted = sorted(set(lead_ids))
    await work.execute(_LOCK_LEADS, wanted)
    return {row["id"]: row for row in await work.fetch(_READ_LEADS, wanted)}


async def lead_of(work: UnitOfWork, lead_id: str) -> Record | None:
    return await work.fetchrow(_LEAD_OF, lead_id)


async def insert(work: UnitOfWork, values: Sequence[Any]) -> Record | None:
    """None when one is open, or was accepted, already."""
    return await work.fetchrow(_INSERT, *values)


async def confirm(work: UnitOfWork, lead_id: str, kind: str, values: Sequence[Any]) -> Record | None:
    """Makes the lead's proposal a request; None when there is none."""
    return await work.fetchrow(_CONFIRM, lead_id, *values, kind)


async def answer(work: UnitOfWork, row: Record, state: str, said: str | None, at: datetime, by: str | None) -> Record:  # noqa: PLR0913, PLR0917 -- one statement's values
    return _changed(await work.fetchrow(_ANSWER, row["id"], row["version"], state, said, at, by))


async def dispute(work: UnitOfWork, row: Record, comment: str | None, at: datetime, by: str) -> Record:
    return _changed(await work.fetchrow(_DISPUTE, row["id"], row["version"], comment, at, by))


async def dismiss(work: UnitOfWork, return_id: str, at: datetime, by: str) -> Record | None:
    return await work.fetchrow(_DISMISS, return_id, at, by)


async def take_due(work: UnitOfWork, now: datetime, limit: int) -> list[Record]:
    return await work.fetch(_TAKE_DUE, now, limit)


async def lapse(work: UnitOfWork, return_id: str, state: str, at: datetime) -> Record:
    return _changed(await work.fetchrow(_LAPSE, return_id, state, at))


async def find(work: UnitOfWork, return_id: str, own: str | None, *, lock: bool = False) -> Record | None:
    return await work.fetchrow(_FIND + (" FOR UPDATE" if lock else ""), return_id, own)


async def lead_of_return(work: UnitOfWork, return_id: str, own: str | None) -> str | None:
    lead_id: str | None = await work.fetchval(_LEAD_OF_RETURN, return_id, own)
    return lead_id


async def open_of_lead(work: UnitOfWork, lead_id: str) -> Record | None:
    return await work.fetchrow(_OPEN_OF_LEAD, lead_id)


async def fetch_page(work: UnitOfWork, wanted: Wanted, limit: int) -> list[Record]:
    clause, values = where(_CONDITIONS, {each.name: getattr(wanted, each.name) for each in fields(wanted)})
    statement = f"{_LIST} WHERE {clause} ORDER BY r.id DESC LIMIT ${len(values) + 1}"
    return await work.fetch(statement, *values, limit)


async def entries_for_evidence(work: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {lead_id: [] for lead_id in lead_ids}
    for row in await work.fetch(_EVIDENCE, list(lead_ids)):
        found[row["lead_id"]].append(dict(row))
    return found


async def count_returned(work: UnitOfWork, partner_id: str, since: datetime) -> int:
    return int(await work.fetchval(_RETURNED, partner_id, since))


async def count_received(work: UnitOfWork, partner_id: str, first_id: str) -> int:
    return int(await work.fetchval(_RECEIVED, partner_id, first_id))


async def count_sold(work: UnitOfWork, buyer_id: str, since: datetime) -> int:
    return int(await work.fetchval(_SOLD, buyer_id, since))


async def set_own_state(work: UnitOfWork, lead_id: str, state: str | None) -> None:
    await work.execute(_SET_OWN_STATE, lead_id, state)


async def mark_returned(work: UnitOfWork, lead_id: str) -> None:
    """From now on the same person from the same partner is refused inside the duplicate window."""
    await work.execute(_MARK_RETURNED, [lead_id])


async def set_flags(work: UnitOfWork, return_id: str, flags: Sequence[str]) -> Record:
    return _changed(await work.fetchrow(_SET_FLAGS, return_id, list(flags)))


def _changed(row: Record | None) -> Record:
    assert row is not None  # noqa: S101 -- the caller holds the row's lock
    return row
