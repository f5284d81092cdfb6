"""All SQL of the audit log. It is only added to: the service's role may neither change nor delete an entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Record
from contracts.events.audit import AuditEntry
from messaging.unit_of_work import UnitOfWork

_COLUMNS = (
    "entry_id, at, service, actor, access_level, request_id, operation, action, object_kind, object_id, subjects, "
    "changes, details"
)
_INSERT = f"""
INSERT INTO audit_entries ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (entry_id) DO NOTHING
"""
_NAMED = f"""
SELECT {", ".join("e." + name.strip() for name in _COLUMNS.split(","))}, u.name AS actor_name, u.email AS actor_email
FROM audit_entries e LEFT JOIN users u ON u.id = e.actor
"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """`about` matches the object or one of the subjects; `object_id` may be the beginning of one."""

    actor: str | None = None
    service: str | None = None
    action: str | None = None
    object_kind: str | None = None
    object_id: str | None = None
    about: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def insert(work: UnitOfWork, told: Sequence[tuple[str, AuditEntry]]) -> None:
    """Entries with the services that told them."""
    await work.executemany(
        _INSERT,
        [
            (
                entry.entry_id,
                entry.at,
                service,
                entry.actor,
                entry.access_level,
                entry.request_id,
                entry.operation,
                entry.action,
                entry.object_kind,
                entry.object_id,
                entry.subjects,
                entry.changes,
                entry.details,
            )
            for service, entry in told
        ],
    )


async def fetch_page(work: UnitOfWork, wanted: Wanted, before: tuple[datetime, str] | None, limit: int) -> list[Record]:
    """Newest first. Only conditions that were asked for are in the statement, so that each walks its own index."""
    conditions: list[str] = []
    values: list[Any] = []

    def add(condition: str, *given: Any) -> None:
        conditions.append(condition.format(*(f"${len(values) + n + 1}" for n in range(len(given)))))
        values.extend(given)

    for column in ("actor", "service", "action", "object_kind", "request_id"):
        value = getattr(wanted, column)
        if value is not None:
            add(f"e.{column} = {{}}", value)
    if wanted.request_id is not None:
        add("e.request_id <> ''")  # as the index has it
    if wanted.object_id is not None:
        # Of ids, which are ASCII: what begins with a text lies before the text with the highest letter after it.
        add("e.object_id >= {} AND e.object_id <= {}", wanted.object_id, wanted.object_id + "\x7f")
    if wanted.about is not None:
        add("(e.object_id = {} OR e.subjects @> ARRAY[{}::text])", wanted.about, wanted.about)
    if wanted.since is not None:
        add("e.at >= {}", wanted.since)
    if wanted.until is not None:
        add("e.at < {}", wanted.until)
    if before is not None:
        add("(e.at, e.entry_id) < ({}, {})", *before)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    add("{}", limit)
    return await work.fetch(f"{_NAMED} {where} ORDER BY e.at DESC, e.entry_id DESC LIMIT {conditions[-1]}", *values)
