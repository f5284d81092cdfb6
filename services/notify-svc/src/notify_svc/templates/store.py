"""SQL of templates."""

from asyncpg import Record
from messaging.database import Database

READ_TEMPLATE = "SELECT subject, text, html FROM templates WHERE key = $1 AND version = $2"
LIST_TEMPLATES = """
SELECT DISTINCT ON (key) key, version, name, subject, text, html, created_at FROM templates
WHERE key > $1 ORDER BY key, version DESC LIMIT $2
"""


async def read_template(database: Database, key: str, version: int) -> Record | None:
    return await database.pool.fetchrow(READ_TEMPLATE, key, version)


async def list_templates(database: Database, after: str, limit: int) -> list[Record]:
    """The newest version of each, by key, up to `limit` after the given one."""
    return await database.pool.fetch(LIST_TEMPLATES, after, limit)
