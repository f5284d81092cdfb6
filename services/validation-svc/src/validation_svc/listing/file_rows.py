"""Cases as rows of a file: the columns of the caller's projection, all notes in one cell (V4.6)."""

from collections.abc import AsyncIterator, Sequence
from functools import reduce
from typing import Any

from asyncpg import Record

from validation_svc.cases.shapes import shape_case
from validation_svc.listing.columns import CaseColumn
from validation_svc.listing.notes_text import join_notes


async def file_rows(
    portions: AsyncIterator[list[Record]], columns: Sequence[CaseColumn], *, all_columns: bool
) -> AsyncIterator[list[list[Any]]]:
    async for rows in portions:
        yield [_row(row, columns, all_columns=all_columns) for row in rows]


def _row(row: Record, columns: Sequence[CaseColumn], *, all_columns: bool) -> list[Any]:
    values = shape_case(row, all_columns=all_columns).model_dump(mode="json")
    values["notes"] = join_notes(row["notes"] or [])
    return [reduce(_part, column.field.split("."), values) for column in columns]


def _part(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
