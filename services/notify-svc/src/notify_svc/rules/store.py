"""SQL of the rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from asyncpg import Record
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

from notify_svc.rules.matching import Filter, Recipient, Rule

PURCHASE_RULE = "rul_purchase"

# The purchase notifications have a way of their own, which is made for many leads at once.
READ_ACTIVE = """
SELECT id, event_types, filter, recipients, template, digest, endpoint_ids FROM notification_rules
WHERE active AND event_types && $1 AND id <> 'rul_purchase' ORDER BY id
"""
READ_BUILT_IN = """
SELECT id, event_types, filter, recipients, template, digest, endpoint_ids FROM notification_rules
WHERE active AND id = $1
"""
_COLUMNS = """
    id, name, event_types, filter, recipients, template AS template_id, endpoint_ids, digest, active, built_in, version,
    changed_by, created_at, changed_at
"""
INSERT = f"""
INSERT INTO notification_rules (id, name, event_types, filter, recipients, template, digest, active, changed_by,
    endpoint_ids)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING {_COLUMNS}
"""
UPDATE = f"""
UPDATE notification_rules SET name = $2, event_types = $3, filter = $4, recipients = $5, template = $6, digest = $7,
    active = $8, changed_by = $9, endpoint_ids = $10, changed_at = now(), version = version + 1
WHERE id = $1 RETURNING {_COLUMNS}
"""
FIND = f"SELECT {_COLUMNS} FROM notification_rules WHERE id = $1"
FIND_TO_CHANGE = f"{FIND} FOR UPDATE"
LIST = f"SELECT {_COLUMNS} FROM notification_rules WHERE id > $1 ORDER BY id LIMIT $2"
KEEP_VERSION = """
INSERT INTO notification_rule_versions (rule_id, version, content, changed_by, changed_at)
SELECT id, version, to_jsonb(r) - '{changed_by,changed_at,created_at,version}'::text[], changed_by, changed_at
FROM notification_rules r WHERE id = $1
"""
LIST_VERSIONS = """
SELECT version, content, changed_by, changed_at FROM notification_rule_versions
WHERE rule_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContent:
    name: str
    event_types: list[str]
    filter: dict[str, Any]
    recipients: list[dict[str, Any]]
    template_id: str | None
    endpoint_ids: list[str]
    digest: bool
    active: bool


async def read_active(work: UnitOfWork, event_types: Sequence[str]) -> list[Rule]:
    return [_rule(row) for row in await work.fetch(READ_ACTIVE, event_types)]


async def read_built_in(work: UnitOfWork, rule_id: str) -> Rule | None:
    """None when it was turned off."""
    row = await work.fetchrow(READ_BUILT_IN, rule_id)
    return None if row is None else _rule(row)


async def insert(work: UnitOfWork, rule_id: str, content: RuleContent, by: str) -> Record:
    return await _written(work, INSERT, rule_id, content, by)


async def update(work: UnitOfWork, rule_id: str, content: RuleContent, by: str) -> Record:
    return await _written(work, UPDATE, rule_id, content, by)


async def find(database: Database, rule_id: str) -> Record | None:
    return await database.reader.fetchrow(FIND, rule_id)


async def find_to_change(work: UnitOfWork, rule_id: str) -> Record | None:
    return await work.fetchrow(FIND_TO_CHANGE, rule_id)


async def list_page(database: Database, after: str, limit: int) -> list[Record]:
    return await database.reader.fetch(LIST, after, limit)


async def keep_version(work: UnitOfWork, rule_id: str) -> None:
    """As it is before a change, or the end of it."""
    await work.execute(KEEP_VERSION, rule_id)


async def list_versions(database: Database, rule_id: str, before: int, limit: int) -> list[Record]:
    return await database.reader.fetch(LIST_VERSIONS, rule_id, before, limit)


async def delete(work: UnitOfWork, rule_id: str) -> None:
    await work.execute("DELETE FROM notification_rules WHERE id = $1", rule_id)


async def _written(work: UnitOfWork, statement: str, rule_id: str, content: RuleContent, by: str) -> Record:
    row = await work.fetchrow(
        statement,
        rule_id,
        content.name,
        content.event_types,
        content.filter,
        content.recipients,
        content.template_id,
        content.digest,
        content.active,
        by,
        content.endpoint_ids,
    )
    assert row is not None  # noqa: S101 -- the caller holds the row, or makes it
    return row


def _rule(row: Record) -> Rule:
    return Rule(
        id=row["id"],
        event_types=row["event_types"],
        filter=msgspec.convert(row["filter"], Filter),
        recipients=msgspec.convert(row["recipients"], list[Recipient]),
        template=row["template"],
        digest=row["digest"],
        endpoint_ids=row["endpoint_ids"],
    )
