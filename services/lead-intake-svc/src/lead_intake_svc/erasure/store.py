"""All SQL of erasure and access (I2.27)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from asyncpg import Record
from lead_intake_svc.erasure.written import Written
from lead_intake_svc.leads.store import KNOWN_BY
from messaging.unit_of_work import UnitOfWork

# Rejected leads have no identities: they are found by indexes of their own.
_FIND_LEADS = """
SELECT i.lead_id FROM lead_identities AS i JOIN unnest($1::text[], $2::text[]) AS asked (kind, value)
    ON i.value = asked.value AND i.kind IN (asked.kind, 'test-' || asked.kind)
UNION SELECT l.id FROM leads AS l JOIN unnest($1::text[], $2::text[]) AS asked (kind, value)
    ON asked.kind = 'phone' AND l.phone = asked.value WHERE l.status = 'rejected'
UNION SELECT l.id FROM leads AS l JOIN unnest($1::text[], $2::text[]) AS asked (kind, value)
    ON asked.kind = 'email' AND l.email = asked.value WHERE l.status = 'rejected'
ORDER BY 1
"""
_LIVE_HOLDS = """
SELECT id, reason FROM legal_holds
WHERE lifted_at IS NULL
    AND (lead_id = ANY($1::text[]) OR (kind, value) IN (SELECT * FROM unnest($2::text[], $3::text[])))
ORDER BY id
"""
_LOCK_LEADS = "SELECT FROM leads WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE"
_INSERT = """
INSERT INTO erasures (id, state, subject, lead_ids, awaited, requested_by, requested_at)
VALUES ($1, 'running', $2, $3, $4, $5, $6)
"""
_TOMBSTONES = """
INSERT INTO erased_leads (lead_id, erasure_id, ref)
SELECT l.id, $2, jsonb_build_object('lead_id', l.id, 'partner_id', l.partner_id, 'project_id', l.project_id,
    'sponsor_id', l.sponsor_id, 'contact_list_id', l.contact_list_id, 'test', l.test)
FROM leads AS l WHERE l.id = ANY($1::text[])
ON CONFLICT (lead_id) DO UPDATE SET erasure_id = $2
"""
_OWN_STATES = """
INSERT INTO lead_progress AS p (lead_id, own_state) SELECT *, 'erased' FROM unnest($1::text[])
ON CONFLICT (lead_id) DO UPDATE SET own_state = 'erased', work_agent_id = NULL
"""
_IDENTITIES = f"""
DELETE FROM lead_identities AS i USING ({KNOWN_BY}) AS known
WHERE i.kind = known.kind AND i.value = known.value AND i.lead_id = known.id
"""
# Ids, times and reasons stay, so that counts and credits still add up; nothing of the person does.
_SCRUB = {
    "lead_identities": _IDENTITIES,
    "lead_corrections": "DELETE FROM lead_corrections WHERE lead_id = ANY($1::text[])",
    "lead_revisions": "DELETE FROM lead_revisions WHERE lead_id = ANY($1::text[])",
    "leads": """
        UPDATE leads SET first_name = NULL, last_name = NULL, phone = NULL, email = NULL, fingerprint = '',
            content = CASE WHEN content ? 'replacement_for'
                THEN jsonb_build_object('replacement_for', content -> 'replacement_for') ELSE '{}' END,
            version = version + 1
        WHERE id = ANY($1::text[])
    """,
    "timeline": "DELETE FROM timeline WHERE lead_id = ANY($1::text[])",
    "returns": """
        UPDATE returns SET comment = NULL, answer = NULL, version = version + 1,
            evidence = jsonb_strip_nulls(jsonb_build_object('external_return_id', evidence -> 'external_return_id'))
        WHERE lead_id = ANY($1::text[])
    """,
    "legal_holds": "DELETE FROM legal_holds WHERE lead_id = ANY($1::text[]) AND lifted_at IS NOT NULL",
}
_SCRUB_HOLDS = """
DELETE FROM legal_holds
WHERE lifted_at IS NOT NULL AND (kind, value) IN (SELECT * FROM unnest($1::text[], $2::text[]))
"""
# Rows of files that became no lead are found by what stands in them, however it was written.
_SCRUB_IMPORTS = """
UPDATE import_rows AS i SET cells = NULL, problems = NULL
WHERE cells IS NOT NULL
    AND (lead_id = ANY($1::text[]) OR EXISTS (SELECT FROM unnest(i.cells) AS cell WHERE cell ~* ANY($2::text[])))
"""
# A file without a header, sent as if it had one, has a person for its columns.
_NAMED_FILES = """
SELECT id, columns, mapping, file_name ~* ANY($1::text[]) AS by_name FROM imports
WHERE columns::text ~* ANY($1::text[]) OR file_name ~* ANY($1::text[])
ORDER BY id FOR UPDATE
"""
_RENAME_FILE = """
UPDATE imports SET columns = $2, mapping = $3, file_name = CASE WHEN $4 THEN 'leads' ELSE file_name END,
    version = version + 1
WHERE id = $1
"""
_OPEN_FILES = """
SELECT id, encoding FROM imports AS i
WHERE state IN ('unmapped', 'checking', 'checked', 'importing')
    AND EXISTS (SELECT FROM import_chunks AS c WHERE c.import_id = i.id)
ORDER BY id
"""
_CHUNK = "SELECT body FROM import_chunks WHERE import_id = $1 AND n = $2"
# Whoever is importing it has lost its lease: what it has not committed is undone, and done again from there on.
_HOLD_FILE = """
UPDATE imports SET lease = lease + 1, leased_until = '-infinity'
WHERE id = $1 AND state IN ('unmapped', 'checking', 'checked', 'importing')
RETURNING id, encoding, delimiter, columns, mapping
"""
_FAIL_FILE = """
UPDATE imports SET state = 'failed', failure = $2, finished_at = now(), version = version + 1 WHERE id = $1
"""
_FORGET_FILE = "DELETE FROM import_chunks WHERE import_id = $1"
# Beside the old text, which is still being read.
_KEEP_CLEANED = """
INSERT INTO import_chunks (import_id, n, body)
SELECT $1 || '~', count(*), $2 FROM import_chunks WHERE import_id = $1 || '~'
"""
_TAKE_CLEANED = "UPDATE import_chunks SET import_id = $1 WHERE import_id = $1 || '~'"
_CLEANED = "UPDATE imports SET encoding = 'utf-8' WHERE id = $1"
_CONTACTS = {
    "dead_letters": "SELECT id, body FROM dead_letters WHERE type = 'sponsor.contacts.released.v1' FOR UPDATE",
    "delayed_messages": "SELECT id, body FROM delayed_messages WHERE queue = 'lead-intake-svc.contacts' FOR UPDATE",
}
# Answers that are kept for repeats of a request may name the lead, or hold the value.
_SCRUB_ANSWERS = """
DELETE FROM idempotency_keys
WHERE EXISTS (SELECT FROM unnest($1::bytea[]) AS about (word) WHERE position(about.word IN body) > 0)
"""
_RECEIVE = """
INSERT INTO erasure_receipts (erasure_id, service, removed, received_at)
SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT FROM erasures WHERE id = $1)
ON CONFLICT DO NOTHING
"""
_LOCK = "SELECT lead_ids FROM erasures WHERE id = $1 AND state = 'running' FOR UPDATE"
_COMPLETE = """
UPDATE erasures AS e SET state = 'completed', completed_at = $2, version = version + 1
WHERE id = $1 AND state = 'running'
    AND awaited <@ (SELECT coalesce(array_agg(service), '{}') FROM erasure_receipts WHERE erasure_id = e.id)
RETURNING lead_ids
"""
_REFS = """
SELECT e.lead_id, e.ref, l.version FROM erased_leads AS e JOIN leads AS l ON l.id = e.lead_id
WHERE e.erasure_id = $1 ORDER BY e.lead_id
"""
_SHOWN = "id, state, lead_ids, awaited, requested_by, requested_at, completed_at"
_FIND = f"SELECT {_SHOWN} FROM erasures WHERE id = $1"
_RECEIPTS = """
SELECT service, removed, received_at, erasure_id FROM erasure_receipts WHERE erasure_id = ANY($1::text[])
ORDER BY erasure_id, received_at, service
"""
_LIST = f"SELECT {_SHOWN} FROM erasures WHERE $1::text IS NULL OR id < $1 ORDER BY id DESC LIMIT $2"
_HOLD = "id, lead_id, kind, reason, set_by, set_at, lifted_by, lifted_at"
_INSERT_HOLD = f"""
INSERT INTO legal_holds (id, lead_id, kind, value, reason, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING {_HOLD}
"""
_LEAD_EXISTS = "SELECT EXISTS (SELECT FROM leads WHERE id = $1)"
_LIFT = f"""
UPDATE legal_holds SET lifted_by = $2, lifted_at = $3 WHERE id = $1 AND lifted_at IS NULL RETURNING {_HOLD}
"""
_HOLDS = f"""
SELECT {_HOLD} FROM legal_holds
WHERE ($1::boolean IS NULL OR (lifted_at IS NULL) = $1) AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""


def _pairs(identities: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [kind for kind, _ in identities], [value for _, value in identities]


async def find_leads(work: UnitOfWork, identities: Sequence[tuple[str, str]]) -> list[str]:
    return [row["lead_id"] for row in await work.fetch(_FIND_LEADS, *_pairs(identities))]


async def live_holds(work: UnitOfWork, lead_ids: Sequence[str], identities: Sequence[tuple[str, str]]) -> list[Record]:
    return await work.fetch(_LIVE_HOLDS, list(lead_ids), *_pairs(identities))


async def lock_leads(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    await work.execute(_LOCK_LEADS, list(lead_ids))


async def insert(work: UnitOfWork, values: Sequence[Any]) -> None:
    await work.execute(_INSERT, *values)


async def bury(work: UnitOfWork, lead_ids: Sequence[str], erasure_id: str) -> None:
    """From now on nothing about these leads is kept, whatever arrives late or again."""
    await work.execute(_TOMBSTONES, list(lead_ids), erasure_id)
    await work.execute(_OWN_STATES, list(lead_ids))


async def scrub(work: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, int]:
    removed: dict[str, int] = {}
    for table, statement in _SCRUB.items():
        removed[table] = _count(await work.execute(statement, list(lead_ids)))
    return removed


async def scrub_holds(work: UnitOfWork, identities: Sequence[tuple[str, str]]) -> int:
    return _count(await work.execute(_SCRUB_HOLDS, *_pairs(identities)))


async def scrub_imports(work: UnitOfWork, lead_ids: Sequence[str], patterns: Sequence[str]) -> int:
    return _count(await work.execute(_SCRUB_IMPORTS, list(lead_ids), list(patterns)))


async def named_files(work: UnitOfWork, patterns: Sequence[str]) -> list[Record]:
    return await work.fetch(_NAMED_FILES, list(patterns))


async def rename_file(work: UnitOfWork, found: Record, columns: Sequence[str], mapping: Mapping[str, str]) -> None:
    await work.execute(_RENAME_FILE, found["id"], list(columns), dict(mapping), found["by_name"])


async def open_files(work: UnitOfWork) -> list[Record]:
    return await work.fetch(_OPEN_FILES)


async def chunk(work: UnitOfWork, import_id: str, n: int) -> bytes | None:
    body: bytes | None = await work.fetchval(_CHUNK, import_id, n)
    return body


async def hold_file(work: UnitOfWork, import_id: str) -> Record | None:
    """Nobody imports it until this transaction ends; None when it is over meanwhile."""
    return await work.fetchrow(_HOLD_FILE, import_id)


async def fail_file(work: UnitOfWork, import_id: str, failure: str) -> None:
    await work.execute(_FAIL_FILE, import_id, failure)
    for kept in (import_id, f"{import_id}~"):
        await work.execute(_FORGET_FILE, kept)


async def keep_cleaned(work: UnitOfWork, import_id: str, pieces: Sequence[bytes]) -> None:
    for piece in pieces:
        await work.execute(_KEEP_CLEANED, import_id, piece)


async def replace_text(work: UnitOfWork, import_id: str) -> None:
    """By what was kept of it cleaned, in UTF-8."""
    for statement in (_FORGET_FILE, _TAKE_CLEANED, _CLEANED):
        await work.execute(statement, import_id)


async def scrub_contacts(
    work: UnitOfWork, named: Written, rewrite: Callable[[bytes, Written], bytes | None]
) -> dict[str, int]:
    """Rewrites messages that hold contacts which became no lead; how many rows per table."""
    removed: dict[str, int] = {}
    for table, statement in _CONTACTS.items():
        rows = [(row["id"], rewrite(row["body"], named)) for row in await work.fetch(statement)]
        changed = [(row_id, body) for row_id, body in rows if body is not None]
        for row_id, body in changed:
            await work.execute(f"UPDATE {table} SET body = $2 WHERE id = $1", row_id, body)
        removed[table] = len(changed)
    return removed


async def scrub_answers(work: UnitOfWork, words: Sequence[str]) -> int:
    return _count(await work.execute(_SCRUB_ANSWERS, [word.encode() for word in words]))


async def receive(work: UnitOfWork, erasure_id: str, service: str, removed: dict[str, int], at: datetime) -> None:
    await work.execute(_RECEIVE, erasure_id, service, removed, at)


async def complete(work: UnitOfWork, erasure_id: str, at: datetime) -> list[str] | None:
    """The leads, if this receipt was the last that was missing. The lock lets two last ones see each other."""
    if await work.fetchrow(_LOCK, erasure_id) is None:
        return None
    row = await work.fetchrow(_COMPLETE, erasure_id, at)
    return None if row is None else row["lead_ids"]


async def tombstones(work: UnitOfWork, erasure_id: str) -> list[Record]:
    return await work.fetch(_REFS, erasure_id)


async def find(work: UnitOfWork, erasure_id: str) -> Record | None:
    return await work.fetchrow(_FIND, erasure_id)


async def receipts(work: UnitOfWork, erasure_ids: Sequence[str]) -> list[Record]:
    return await work.fetch(_RECEIPTS, list(erasure_ids))


async def fetch_page(work: UnitOfWork, before: str | None, limit: int) -> list[Record]:
    return await work.fetch(_LIST, before, limit)


async def insert_hold(work: UnitOfWork, values: Sequence[Any]) -> Record:
    row = await work.fetchrow(_INSERT_HOLD, *values)
    assert row is not None  # noqa: S101 -- an INSERT with RETURNING gives its row
    return row


async def lead_exists(work: UnitOfWork, lead_id: str) -> bool:
    exists: bool = await work.fetchval(_LEAD_EXISTS, lead_id)
    return exists


async def lift_hold(work: UnitOfWork, hold_id: str, by: str, at: datetime) -> Record | None:
    return await work.fetchrow(_LIFT, hold_id, by, at)


async def fetch_holds(work: UnitOfWork, live: bool | None, before: str | None, limit: int) -> list[Record]:
    return await work.fetch(_HOLDS, live, before, limit)


def _count(tag: str) -> int:
    return int(tag.rsplit(" ", 1)[1])
