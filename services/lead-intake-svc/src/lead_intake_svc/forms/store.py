"""All SQL of forms."""

from collections.abc import Mapping
from typing import Any

from asyncpg import Record
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

# What a caller may set; the names are columns.
FIELDS = (
    "name", "project_id", "contact_list_id", "mapping", "constants", "keep_unmapped", "consent_text", "honeypot",
    "public", "per_minute", "per_minute_and_address", "success_url", "active",
)  # fmt: skip
_SHOWN = f"id, partner_id, {', '.join(FIELDS)}, version, created_at, updated_at"
_INSERT = f"""
INSERT INTO forms (id, partner_id, {", ".join(FIELDS)})
VALUES ($1, $2, {", ".join(f"${n}" for n in range(3, len(FIELDS) + 3))}) RETURNING {_SHOWN}
"""
_FIND = f"SELECT {_SHOWN} FROM forms WHERE id = $1 AND ($2::text IS NULL OR partner_id = $2)"
_LIST = f"""
SELECT {_SHOWN} FROM forms
WHERE ($1::text IS NULL OR partner_id = $1) AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""
_DELETE = "DELETE FROM forms WHERE id = $1"
# In one order, so that two posts never wait for each other both ways.
_HIT = """
INSERT INTO form_hits AS h (form_id, who, minute, n)
SELECT $1, who, date_trunc('minute', now()), 1 FROM unnest($2::text[]) AS who ORDER BY who
ON CONFLICT (form_id, who, minute) DO UPDATE SET n = h.n + 1
RETURNING who, n
"""
_FORGET_HITS = "DELETE FROM form_hits WHERE minute < now() - interval '10 minutes'"


async def insert(work: UnitOfWork, form_id: str, partner_id: str, values: Mapping[str, Any]) -> Record:
    row = await work.fetchrow(_INSERT, form_id, partner_id, *(values[name] for name in FIELDS))
    assert row is not None  # noqa: S101 -- an INSERT with RETURNING gives its row
    return row


async def find(work: UnitOfWork, form_id: str, partner_id: str | None, *, lock: bool = False) -> Record | None:
    return await work.fetchrow(_FIND + (" FOR UPDATE" if lock else ""), form_id, partner_id)


async def find_for_post(database: Database, form_id: str) -> Record | None:
    return await database.reader.fetchrow(_FIND, form_id, None)


async def fetch_page(work: UnitOfWork, partner_id: str | None, before: str | None, limit: int) -> list[Record]:
    return await work.fetch(_LIST, partner_id, before, limit)


async def change(work: UnitOfWork, form_id: str, values: Mapping[str, Any]) -> Record:
    """`values` has only names of FIELDS."""
    names = [name for name in FIELDS if name in values]
    assignments = ", ".join(f"{name} = ${n}" for n, name in enumerate(names, start=2))
    statement = f"""
    UPDATE forms SET {assignments}, version = version + 1, updated_at = now() WHERE id = $1 RETURNING {_SHOWN}
    """
    row = await work.fetchrow(statement, form_id, *(values[name] for name in names))
    assert row is not None  # noqa: S101 -- the caller holds the row's lock
    return row


async def delete(work: UnitOfWork, form_id: str) -> bool:
    return await work.execute(_DELETE, form_id) == "DELETE 1"


async def hit(database: Database, form_id: str, who: list[str]) -> dict[str, int]:
    """How often each of them was seen in this minute, through all processes."""
    return {row["who"]: row["n"] for row in await database.reader.fetch(_HIT, form_id, who)}


async def forget_hits(work: UnitOfWork) -> bool:
    """False: there is never more to forget."""
    await work.execute(_FORGET_HITS)
    return False
