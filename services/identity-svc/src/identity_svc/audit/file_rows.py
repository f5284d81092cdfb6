"""The audit log as a file: a line per changed field, and one for an entry without any."""

import json
from collections.abc import AsyncGenerator
from typing import Any

from asyncpg import Record
from messaging.database import Database

from identity_svc.audit import store

HEADER = (
    *("at", "service", "actor", "actor_name", "access_level", "action", "object_kind", "object_id"),
    *("field", "before", "after", "subjects", "details", "operation", "request_id", "entry_id"),
)
_PORTION = 500
Row = tuple[Any, ...]


async def portions(database: Database, wanted: store.Wanted) -> AsyncGenerator[list[Row]]:
    """Newest first; no transaction stays open while somebody reads slowly."""
    before = None
    while True:
        async with database.unit_of_work() as work:
            rows = await store.fetch_page(work, wanted, before, _PORTION)
        yield [line for row in rows for line in lines_of(row)]
        if len(rows) < _PORTION:
            return
        before = (rows[-1]["at"], rows[-1]["entry_id"])


def lines_of(row: Record) -> list[Row]:
    first = (row["at"].isoformat(), row["service"], row["actor"], row["actor_name"], row["access_level"])
    first += (row["action"], row["object_kind"], row["object_id"])
    details = json.dumps(row["details"], ensure_ascii=False) if row["details"] else None
    last = (" ".join(row["subjects"]), details, row["operation"], row["request_id"], row["entry_id"])
    changes = row["changes"] or [{"field": None, "before": None, "after": None}]
    return [(*first, change["field"], _text(change["before"]), _text(change["after"]), *last) for change in changes]


def _text(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
