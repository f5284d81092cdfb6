"""SQL of lists of cases, oldest first. Each filter has an index in that order, whatever the age of the table."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from asyncpg import Record
from messaging.database import Database

from validation_svc.cases.store import COLUMNS, NOTES_OF_VALIDATORS

PORTION = 500
NOTES = (
    "(SELECT array_agg(n.text ORDER BY n.version) FROM case_notes n WHERE n.lead_id = c.lead_id AND {which}) AS notes"
)


@dataclass(frozen=True, slots=True)
class CaseFilters:
    """Without `status`, everything but what was rejected or released: that has left the listing (V4.4)."""

    sees_all: bool
    status: str | None = None
    project_id: str | None = None
    attempts: int | None = None
    partner_id: str | None = None
    older_than_hours: int | None = None
    younger_than_hours: int | None = None


Key = tuple[Any, ...]


async def list_cases(database: Database, filters: CaseFilters, after: Key | None, limit: int) -> list[Record]:
    """Up to `limit` rows after the key (received_at, lead_id)."""
    query, parameters = select_cases(COLUMNS, filters, after, limit)
    return await database.reader.fetch(query, *parameters)


async def every_case(database: Database, filters: CaseFilters) -> AsyncIterator[list[Record]]:
    """With `notes`, in portions: no transaction is held open for a slow reader."""
    notes = NOTES.format(which="true" if filters.sees_all else NOTES_OF_VALIDATORS)
    after: Key | None = None
    while True:
        query, parameters = select_cases(f"{COLUMNS}, {notes}", filters, after, PORTION)
        rows = await database.reader.fetch(query, *parameters)
        yield rows
        if len(rows) < PORTION:
            return
        after = (rows[-1]["received_at"], rows[-1]["lead_id"])


def select_cases(columns: str, filters: CaseFilters, after: Key | None, limit: int) -> tuple[str, list[Any]]:
    """The statement and its parameters."""
    parameters: list[Any] = []

    def parameter(value: Any) -> str:
        parameters.append(value)
        return f"${len(parameters)}"

    wanted = [f"c.state = {parameter(filters.status)}" if filters.status else "c.state NOT IN ('rejected', 'released')"]
    if not filters.sees_all:
        wanted.append("c.shown")
    for column in ("project_id", "attempts", "partner_id"):
        value = getattr(filters, column)
        if value is not None:
            wanted.append(f"c.{column} = {parameter(value)}")
    if filters.older_than_hours is not None:
        wanted.append(f"c.received_at < now() - make_interval(hours => {parameter(filters.older_than_hours)})")
    if filters.younger_than_hours is not None:
        wanted.append(f"c.received_at > now() - make_interval(hours => {parameter(filters.younger_than_hours)})")
    if after is not None:
        wanted.append(f"(c.received_at, c.lead_id) > ({parameter(after[0])}, {parameter(after[1])})")
    query = f"""
        SELECT {columns} FROM cases c WHERE {" AND ".join(wanted)}
        ORDER BY c.received_at, c.lead_id LIMIT {parameter(limit)}
    """
    return query, parameters
