"""A suppression list as a file: CSV, its columns named `phone`, `email` or `domain`, or one column and no header."""

import csv
import io
from collections.abc import Iterator
from typing import IO

from servicekit.problems import invalid

KINDS = ("phone", "email", "domain")
_DELIMITERS = ",;\t|"
Row = list[tuple[str, str]]


def read_rows(file: IO[bytes], kind: str | None) -> Iterator[Row]:
    """Of each row what it suppresses, as it stands there. Raises 422 for what is no such file."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from _rows(text, kind)
    except UnicodeDecodeError:
        raise invalid("suppression-list-not-utf-8", "The file is not UTF-8.", "/file") from None
    except csv.Error:
        raise invalid("suppression-list-not-csv", "The file is not CSV.", "/file") from None
    finally:
        text.detach()


def _rows(text: io.TextIOWrapper, kind: str | None) -> Iterator[Row]:
    first = text.readline(10_000)
    delimiter = max(_DELIMITERS, key=first.count)
    names = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
    columns = [(place, name) for place, name in enumerate(names) if name in KINDS]
    if not columns:
        if kind is None:
            words = "The first row has to name a column phone, email or domain; or say which kind the values are."
            raise invalid("suppression-list-kind-missing", words, "/kind")
        columns = [(0, kind)]
        text.seek(0)
    for row in csv.reader(text, delimiter=delimiter):
        values = [(name, row[place].strip()) for place, name in columns if place < len(row)]
        found = [(name, value) for name, value in values if value]
        if found:
            yield found
