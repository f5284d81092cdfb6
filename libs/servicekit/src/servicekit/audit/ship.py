"""From a service's journal to identity-svc: entries become events, a portion in a transaction."""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

from asyncpg import Record
from contracts.event import EVENT_TYPES
from contracts.events.audit import FieldChange
from contracts.ids import new_id
from messaging.database import Database

from servicekit.audit import store
from servicekit.unavailable import UNAVAILABLE

logger = logging.getLogger(__name__)

PORTION = 200
EVERY_SECONDS = 1.0
LONGEST_VALUE = 2000
_CUT = "… (cut)"


async def ship_entries(database: Database) -> int:
    """Publishes the oldest entries; says how many."""
    async with database.unit_of_work() as work:
        rows = await store.take(work, PORTION)
        for row in rows:
            work.publish(_entry_class(database)(entry_id=new_id("aud"), **_told(row)), sequence=1)
    return len(rows)


async def keep_shipping(database: Database) -> None:
    """Until cancelled."""
    while True:
        try:
            while await ship_entries(database) == PORTION:
                pass
        except UNAVAILABLE as error:
            logger.warning("audit entries wait: %s", type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


def _entry_class(database: Database) -> Any:
    """The service's own: it has no right to publish in the name of another."""
    context = database.source.rpartition("/")[2].removesuffix("-svc").removeprefix("lead-")
    return EVENT_TYPES[f"{context}.audit.recorded.v1"]


def _told(row: Record) -> dict[str, Any]:
    told = {name: value or "" if value is None else value for name, value in row.items() if name != "position"}
    told["changes"] = [_change(change) for change in row["changes"]]
    return told


def _change(change: Mapping[str, Any]) -> FieldChange:
    return FieldChange(field=change["field"], before=shortened(change["before"]), after=shortened(change["after"]))


def shortened(value: Any) -> Any:
    """A template's text is kept by its own versions: here its beginning is enough."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + _CUT
    if isinstance(value, list | dict):
        text = json.dumps(value, ensure_ascii=False)
        return value if len(text) <= 2 * LONGEST_VALUE else text[:LONGEST_VALUE] + _CUT
    return value
