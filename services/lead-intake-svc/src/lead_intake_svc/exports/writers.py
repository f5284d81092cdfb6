"""Rows as CSV, NDJSON or a workbook, in pieces: memory does not grow with their number."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from typing import IO

import msgspec
import xlsxwriter
from lead_intake_svc.exports.columns import Value
from servicekit.csv_lines import Delimiter, lines

Rows = Sequence[Sequence[Value]]
MAX_SHEET_ROWS = 1_000_000
MAX_CELL = 32_767
PIECE_BYTES = 64 * 1024
# Text stays text, whatever it begins with: in a workbook a phone number keeps its plus sign, and nothing is a formula.
_AS_TEXT = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_encode = msgspec.json.Encoder().encode


async def write_csv(
    columns: Sequence[str], portions: AsyncIterable[Rows], delimiter: Delimiter
) -> AsyncGenerator[bytes]:
    """With a mark by which spreadsheets know UTF-8."""
    yield b"\xef\xbb\xbf" + lines([columns], delimiter).encode()
    async for rows in portions:
        yield lines(rows, delimiter).encode("utf-8", "replace")


async def write_ndjson(columns: Sequence[str], portions: AsyncIterable[Rows]) -> AsyncGenerator[bytes]:
    async for rows in portions:
        yield b"".join(_encode(dict(zip(columns, row, strict=True))) + b"\n" for row in rows)


async def write_workbook(columns: Sequence[str], portions: AsyncIterable[Rows]) -> AsyncGenerator[bytes]:
    """A workbook is complete only when its last row is known: it is put together in a temporary file."""
    with tempfile.TemporaryFile() as packed:
        book = _Book(packed, columns)
        async for rows in portions:
            await asyncio.to_thread(book.add, rows)
        await asyncio.to_thread(book.close)
        packed.seek(0)
        while piece := await asyncio.to_thread(packed.read, PIECE_BYTES):
            yield piece


class _Book:
    def __init__(self, packed: IO[bytes], columns: Sequence[str]) -> None:
        self._book = xlsxwriter.Workbook(packed, _AS_TEXT)
        self._columns = columns
        self._next_sheet()

    def add(self, rows: Rows) -> None:
        for row in rows:
            if self._row > MAX_SHEET_ROWS:
                self._next_sheet()
            self._write(row)

    def close(self) -> None:
        self._book.close()

    def _next_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._row = 0
        self._write(self._columns)

    def _write(self, row: Sequence[Value]) -> None:
        for column, value in enumerate(row):
            match value:
                case None | "":
                    continue
                case bool():
                    self._sheet.write_boolean(self._row, column, value)
                case int() | float():
                    self._sheet.write_number(self._row, column, value)
                case _:
                    self._sheet.write_string(self._row, column, value[:MAX_CELL])
        self._row += 1
