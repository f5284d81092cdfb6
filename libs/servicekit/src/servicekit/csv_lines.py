"""CSV as RFC 4180 has it, in pieces, and harmless to spreadsheets."""

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from typing import Any, Final, Literal

from fastapi.responses import StreamingResponse

Delimiter = Literal["comma", "semicolon", "tab", "pipe"]
_DELIMITERS: Final[Mapping[str, str]] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: Any) -> str:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    return "'" + text if text.startswith(_BEGINS_A_FORMULA) else text


def lines(rows: Sequence[Sequence[Any]], delimiter: Delimiter = "comma") -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=_DELIMITERS[delimiter], lineterminator="\r\n")
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def csv_response(
    name: str, header: Sequence[str], portions: AsyncIterable[Sequence[Sequence[Any]]], delimiter: Delimiter
) -> StreamingResponse:
    """A file `name`.csv, sent while it is read; memory holds one portion."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    body = _stream(header, portions, delimiter)
    return StreamingResponse(body, media_type="text/csv; charset=utf-8; header=present", headers=headers)


async def _stream(
    header: Sequence[str], portions: AsyncIterable[Sequence[Sequence[Any]]], delimiter: Delimiter
) -> AsyncIterator[str]:
    yield lines([header], delimiter)
    async for rows in portions:
        if rows:
            yield lines(rows, delimiter)
