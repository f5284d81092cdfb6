"""SQL of what sponsor accounts see."""

from collections.abc import Sequence

from messaging.unit_of_work import UnitOfWork

_REPLACE = """
INSERT INTO sponsor_rights AS r (user_id, version, sponsor_ids, pages) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, sponsor_ids = excluded.sponsor_ids,
    pages = excluded.pages
WHERE r.version < excluded.version
"""


async def replace(
    work: UnitOfWork, user_id: str, version: int, sponsor_ids: Sequence[str], pages: Sequence[str]
) -> None:
    await work.execute(_REPLACE, user_id, version, sponsor_ids, pages)
