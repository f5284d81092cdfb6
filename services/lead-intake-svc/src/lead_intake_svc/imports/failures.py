"""The file of failures: the rows as they were, with reasons."""

from collections.abc import AsyncGenerator
from typing import Any

from asyncpg import Record
from lead_intake_svc.imports import store
from lead_intake_svc.imports.shapes import DELIMITER_NAMES
from messaging.database import Database
from servicekit.csv_lines import lines

PAGE = 500
# None of them is a field's name or heading, so that they are left alone when the file is sent again.
REASONS = ("leadwire_line", "leadwire_result", "leadwire_codes", "leadwire_reasons")


async def failures_of(database: Database, found: Record) -> AsyncGenerator[str]:
    """CSV as the file was, in UTF-8 with a mark that spreadsheets know it by. Rows are kept for a while only."""
    columns: list[str] = found["columns"]
    delimiter = DELIMITER_NAMES[found["delimiter"]]
    yield "\ufeff" + lines([[*columns, *REASONS]], delimiter)
    line = 0
    while True:
        async with database.unit_of_work() as work:
            rows = await store.fetch_failed_rows(work, found["id"], line, PAGE)
        if not rows:
            return
        line = rows[-1]["line"]
        yield lines([_cells(row, len(columns)) for row in rows if row["cells"] is not None], delimiter)


def _cells(row: Record, width: int) -> list[str]:
    """A row may be shorter or longer than the header: what it has too much is joined to its last cell."""
    cells: list[str] = row["cells"]
    cells = [*cells[: width - 1], " ".join(cells[width - 1 :])] if len(cells) > width else cells
    problems: list[dict[str, Any]] = row["problems"] or []
    codes = " ".join(problem["code"] for problem in problems)
    reasons = " ".join(problem["detail"] for problem in problems)
    return [*cells, *([""] * (width - len(cells))), str(row["line"]), row["result"], codes, reasons]
