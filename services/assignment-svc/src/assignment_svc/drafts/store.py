"""SQL of drafts."""

from datetime import datetime

from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

PUT = """
INSERT INTO drafts (lead_id, agent_id, note) VALUES ($1, $2, $3)
ON CONFLICT (lead_id, agent_id) DO UPDATE SET note = excluded.note, saved_at = now()
RETURNING note, saved_at
"""

# Its own transaction: the one that lost the lock is rolled back. Nothing is kept about leads that are not there.
RESCUE = """
INSERT INTO drafts (lead_id, agent_id, note) SELECT lead_id, $2, $3 FROM work_items
WHERE lead_id = $1 AND state <> 'erased'
ON CONFLICT (lead_id, agent_id) DO UPDATE SET note = excluded.note, saved_at = now()
"""

FIND = "SELECT note, saved_at FROM drafts WHERE lead_id = $1 AND agent_id = $2"

DELETE = "DELETE FROM drafts WHERE lead_id = $1 AND agent_id = $2"

Draft = tuple[str, datetime]


async def put_draft(work: UnitOfWork, lead_id: str, agent_id: str, note: str) -> Draft:
    row = await work.fetchrow(PUT, lead_id, agent_id, note)
    assert row is not None  # noqa: S101 -- an upsert returns its row
    return row["note"], row["saved_at"]


async def rescue(database: Database, lead_id: str, agent_id: str, note: str) -> None:
    """Commits by itself, whatever becomes of the caller's transaction."""
    async with database.pool.acquire() as connection:
        await connection.execute(RESCUE, lead_id, agent_id, note)


async def find_draft(work: UnitOfWork, lead_id: str, agent_id: str) -> Draft | None:
    row = await work.fetchrow(FIND, lead_id, agent_id)
    return None if row is None else (row["note"], row["saved_at"])


async def delete_draft(work: UnitOfWork, lead_id: str, agent_id: str) -> None:
    await work.execute(DELETE, lead_id, agent_id)
