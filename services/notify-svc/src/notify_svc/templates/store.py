"""SQL of templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Record
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

READ_TEMPLATE = "SELECT subject, text, html FROM templates WHERE key = $1 AND version = $2"

_VERSION = "t.key, t.version, t.name, t.subject, t.text, t.html, t.sample, t.created_at, t.created_by"
_COLUMNS = f"{_VERSION}, h.after_lost_reply, h.built_in"
_NEWEST = "template_heads h JOIN templates t ON (t.key, t.version) = (h.key, h.version)"
LIST = f"""
SELECT {_COLUMNS} FROM {_NEWEST} WHERE h.deleted_at IS NULL AND h.key > $1 ORDER BY h.key LIMIT $2
"""
FIND = f"SELECT {_COLUMNS} FROM {_NEWEST} WHERE h.key = $1 AND h.deleted_at IS NULL"
FIND_TO_CHANGE = f"{FIND} FOR UPDATE OF h"
FIND_TO_USE = "SELECT FROM template_heads WHERE key = $1 AND deleted_at IS NULL FOR SHARE"
LIST_VERSIONS = f"""
SELECT {_VERSION}, h.after_lost_reply, h.built_in FROM templates t JOIN template_heads h ON h.key = t.key
WHERE t.key = $1 AND h.deleted_at IS NULL AND t.version < $2 ORDER BY t.version DESC LIMIT $3
"""
INSERT_VERSION = """
INSERT INTO templates (key, version, name, subject, text, html, sample, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
INSERT_HEAD = "INSERT INTO template_heads (key, version, name, after_lost_reply) VALUES ($1, $2, $3, $4)"
UPDATE_HEAD = "UPDATE template_heads SET version = $2, name = $3, after_lost_reply = $4 WHERE key = $1"
DELETE = "UPDATE template_heads SET deleted_at = now() WHERE key = $1"

# Everybody who would miss it, up to a hundred of each kind.
READ_USES = """
(SELECT 'partner' AS kind, partner_id AS id, name FROM partners WHERE auto_response_template = $1 LIMIT 100)
UNION ALL
(SELECT 'notification_rule', id, name FROM notification_rules WHERE template = $1 LIMIT 100)
UNION ALL
(SELECT 'campaign', c.project_id, coalesce(p.name, '') FROM campaign_templates c LEFT JOIN projects p USING (project_id)
 WHERE $1 = ANY (c.template_ids) LIMIT 100)
ORDER BY kind, id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateContent:
    """A version to be. Empty `text` or `html`: there is none."""

    name: str
    subject: str
    text: str
    html: str
    sample: dict[str, Any]
    after_lost_reply: str


async def read_template(source: Database | UnitOfWork, key: str, version: int) -> Record:
    """A version that a mail remembers: it is there for ever."""
    row = await (source.reader if isinstance(source, Database) else source).fetchrow(READ_TEMPLATE, key, version)
    assert row is not None  # noqa: S101 -- a foreign key says so
    return row


async def list_templates(database: Database, after: str, limit: int) -> list[Record]:
    """The newest version of each, by key, up to `limit` after the given one."""
    return await database.reader.fetch(LIST, after, limit)


async def list_versions(database: Database, key: str, before: int, limit: int) -> list[Record]:
    return await database.reader.fetch(LIST_VERSIONS, key, before, limit)


async def find(database: Database, key: str) -> Record | None:
    return await database.reader.fetchrow(FIND, key)


async def find_to_change(work: UnitOfWork, key: str) -> Record | None:
    return await work.fetchrow(FIND_TO_CHANGE, key)


async def may_be_used(work: UnitOfWork, key: str) -> bool:
    """False when there is none. Until the commit it is not deleted."""
    return await work.fetchrow(FIND_TO_USE, key) is not None


async def insert(work: UnitOfWork, key: str, content: TemplateContent, by: str) -> None:
    await work.execute(INSERT_VERSION, key, 1, *_values(content), by)
    await work.execute(INSERT_HEAD, key, 1, content.name, content.after_lost_reply)


async def add_version(work: UnitOfWork, key: str, version: int, content: TemplateContent, by: str) -> None:
    await work.execute(INSERT_VERSION, key, version, *_values(content), by)
    await work.execute(UPDATE_HEAD, key, version, content.name, content.after_lost_reply)


async def read(work: UnitOfWork, key: str) -> Record:
    row = await work.fetchrow(FIND, key)
    assert row is not None  # noqa: S101 -- the caller wrote it
    return row


async def read_uses(work: UnitOfWork, key: str) -> list[Record]:
    return await work.fetch(READ_USES, key)


async def delete(work: UnitOfWork, key: str) -> None:
    await work.execute(DELETE, key)


def _values(content: TemplateContent) -> tuple[Any, ...]:
    return (content.name, content.subject, content.text, content.html, content.sample)


async def read_existing(work: UnitOfWork, keys: Sequence[str]) -> list[str]:
    """Those of `keys` that there are, or were."""
    return [row["key"] for row in await work.fetch("SELECT key FROM template_heads WHERE key = ANY($1)", keys)]
