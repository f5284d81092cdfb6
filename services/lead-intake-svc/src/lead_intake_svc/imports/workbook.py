"""`python -m lead_intake_svc.imports.workbook [SHEET]`: a workbook on stdin, its rows as CSV on stdout.

A process of its own, with limits: a workbook that unpacks to more memory or work than it may have ends this process
and nothing else. Exit code 3 with a word on stderr says why it is refused.
"""

import csv
import io
import resource
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any, NoReturn

import python_calamine as calamine

MEMORY_BYTES = 1024**3
CPU_SECONDS = 120
MAX_ENTRIES = 2000
MAX_UNPACKED = 1024**3
MAX_RATIO = 250
RATIO_COUNTS_FROM = 16 * 1024**2
MAX_ROWS = 1_000_001
MAX_COLUMNS = 500
REFUSED = 3


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    packed = io.BytesIO(sys.stdin.buffer.read())
    try:
        check_zip(packed)
        packed.seek(0)
        _convert(packed, sys.argv[1] if len(sys.argv) > 1 else "")
    except MemoryError:
        refuse("workbook-too-large")
    except calamine.PasswordError:
        refuse("workbook-encrypted")
    except calamine.WorksheetNotFound:
        refuse("sheet-unknown")
    except (calamine.CalamineError, zipfile.BadZipFile, NotImplementedError, ValueError):
        refuse("workbook-broken")


def refuse(code: str) -> NoReturn:
    sys.stderr.write(code)
    sys.exit(REFUSED)


def check_zip(packed: io.BytesIO) -> None:
    """By the directory alone: nothing is unpacked before it is known how much it will be."""
    entries = zipfile.ZipFile(packed).infolist()
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        refuse("workbook-bomb")
    for entry in entries:
        if entry.file_size > RATIO_COUNTS_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            refuse("workbook-bomb")
        if entry.flag_bits & 1:
            refuse("workbook-encrypted")
    if "xl/workbook.xml" not in {entry.filename for entry in entries}:
        refuse("file-not-a-workbook")


def _convert(packed: io.BytesIO, wanted: str) -> None:
    book = calamine.CalamineWorkbook.from_filelike(packed)
    sheet = book.get_sheet_by_name(wanted) if wanted else _first_visible(book)
    if sheet.width > MAX_COLUMNS:
        refuse("too-many-columns")
    if sheet.total_height > MAX_ROWS:
        refuse("too-many-rows")
    with io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=False) as out:
        writer = csv.writer(out, lineterminator="\n")
        # Lines keep the numbers that the sheet shows.
        out.write("\n" * (sheet.start[0] if sheet.start else 0))
        for row in sheet.iter_rows():
            writer.writerow([_text(cell) for cell in row])


def _first_visible(book: calamine.CalamineWorkbook) -> calamine.CalamineSheet:
    for place, sheet in enumerate(book.sheets_metadata):
        if sheet.visible == calamine.SheetVisibleEnum.Visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet:
            return book.get_sheet_by_index(place)
    raise calamine.WorksheetNotFound


def _text(cell: Any) -> str:
    """A number without a fraction has none in the text either: a phone number may be one."""
    match cell:
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case datetime() | date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
        case _:
            return str(cell)


if __name__ == "__main__":
    main()
