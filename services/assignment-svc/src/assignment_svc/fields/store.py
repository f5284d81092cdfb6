"""SQL of campaigns' fields and of what agents corrected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Record, UniqueViolationError
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, Kind

READ = "SELECT version, fields FROM campaign_fields WHERE project_id = $1"

WRITE = """
INSERT INTO campaign_fields AS f (project_id, version, fields) VALUES ($1, $2 + 1, $3)
ON CONFLICT (project_id) DO UPDATE SET version = f.version + 1, fields = excluded.fields WHERE f.version = $2
RETURNING version
"""

KEEP_EDITS = """
INSERT INTO lead_edits (lead_id, name, value) SELECT $1, key, value FROM jsonb_each($2)
ON CONFLICT (lead_id, name) DO UPDATE SET value = excluded.value
"""

EDITED = """
SELECT l.lead_id, l.first_name, l.last_name, l.phone, l.email, l.content, l.place_id,
    (SELECT jsonb_object_agg(e.name, e.value) FROM lead_edits e WHERE e.lead_id = l.lead_id) AS edits
FROM leads l
WHERE l.lead_id = ANY($1::text[]) AND EXISTS (SELECT FROM lead_edits e WHERE e.lead_id = l.lead_id)
ORDER BY l.lead_id FOR NO KEY UPDATE OF l
"""

CORRECT = """
UPDATE leads SET first_name = $2, last_name = $3, phone = $4, email = $5, email_domain = split_part($5, '@', 2),
    content = $6, place_id = $7
WHERE lead_id = $1
"""

# The lock is on the number: it goes with the lead to the new one, unless somebody is calling that.
FREE_NUMBER = "DELETE FROM locks WHERE lock_key = $1 AND expires_at <= now()"
MOVE_LOCK = "UPDATE locks SET lock_key = $2 WHERE lead_id = $1"


@dataclass(frozen=True, slots=True)
class CampaignFields:
    """`version` 0: nobody said anything."""

    version: int
    fields: list[dict[str, Any]]


async def read_fields(work: UnitOfWork, project_id: str) -> CampaignFields | None:
    row = await work.fetchrow(READ, project_id)
    return None if row is None else CampaignFields(*row)


async def write_fields(work: UnitOfWork, project_id: str, version: int, fields: Sequence[Mapping[str, Any]]) -> bool:
    """False when `version` is no longer the newest."""
    return await work.fetchval(WRITE, project_id, version, fields) is not None


async def keep_edits(work: UnitOfWork, lead_id: str, edits: Mapping[str, Any]) -> None:
    await work.execute(KEEP_EDITS, lead_id, edits)


async def find_edited(work: UnitOfWork, lead_ids: Sequence[str]) -> list[Record]:
    """Those of the leads that were corrected, with all corrections."""
    return await work.fetch(EDITED, lead_ids)


async def correct(work: UnitOfWork, lead_id: str, lead: Mapping[str, Any], place_id: int) -> None:
    person = (lead["first_name"], lead["last_name"], lead["phone"], lead["email"])
    await work.execute(CORRECT, lead_id, *person, lead["content"], place_id)


async def move_lock(work: UnitOfWork, lead_id: str, phone: str) -> None:
    """Raises 423 when somebody has the lock on the number."""
    await work.execute(FREE_NUMBER, phone)
    try:
        await work.execute(MOVE_LOCK, lead_id, phone)
    except UniqueViolationError:
        detail = "Somebody else is working on another lead with this phone number."
        raise DomainError(Kind.LOCKED, "locked", detail) from None
