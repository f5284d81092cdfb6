"""Files that wait to be imported, or are being imported, and name a person who is erased (I2.27): the person's rows
are taken out of them, and they go on.
"""

import codecs
import csv
import io
from collections.abc import Sequence

from asyncpg import Record
from lead_intake_svc.erasure import store
from lead_intake_svc.erasure.written import Written
from lead_intake_svc.imports.reading import Records, Unreadable
from lead_intake_svc.imports.receive_file import PIECE_BYTES
from lead_intake_svc.imports.rows import ERASED, Row
from messaging.unit_of_work import UnitOfWork

# Longer than any number or address, so that none is missed that lies across two pieces.
_OVERLAP = 400
_AT_ONCE = 500
_CONTACT = frozenset({"phone", "email", None})


async def clean_files(work: UnitOfWork, named: Written) -> int:
    """How many rows were taken out. What a worker was just storing is stored when this returns, or never: it begins
    again after its last commit, with the file as it is then.
    """
    removed = 0
    for file_id, encoding in await store.open_files(work):
        if await _is_named(work, file_id, encoding, named):
            held = await store.hold_file(work, file_id)
            removed += 0 if held is None else await _clean(work, held, named)
    return removed


async def _is_named(work: UnitOfWork, file_id: str, encoding: str, named: Written) -> bool:
    decode = codecs.getincrementaldecoder(encoding)("replace").decode
    text, n = "", 0
    while (piece := await store.chunk(work, file_id, n)) is not None:
        text = text[-_OVERLAP:] + decode(piece)
        if named.names(text):
            return True
        n += 1
    return False


async def _clean(work: UnitOfWork, held: Record, named: Written) -> int:
    """The file is written anew, each record at its place. One that cannot be read to its end has failed with that:
    what cannot be read cannot be cleaned.
    """
    fields = [held["mapping"].get(column) for column in held["columns"]]
    text = _Text(held["delimiter"], named, frozenset(i for i, field in enumerate(fields) if field not in _CONTACT))
    records = Records(lambda n: store.chunk(work, held["id"], n), held["encoding"], held["delimiter"])
    try:
        while rows := await records.take(_AT_ONCE):
            text.add(rows)
            await store.keep_cleaned(work, held["id"], text.pieces(PIECE_BYTES))
    except Unreadable as error:
        await store.fail_file(work, held["id"], error.code)
        return 0
    await store.keep_cleaned(work, held["id"], text.pieces(1))
    await store.replace_text(work, held["id"])
    return text.removed


class _Text:
    """A file as it will be kept. In the columns `beside`, which hold neither number nor address of a lead, somebody
    else may be named: that is cut out, and the row stays.
    """

    def __init__(self, delimiter: str, named: Written, beside: frozenset[int]) -> None:
        self.removed = 0
        self._named = named
        self._beside = beside
        self._line = 0
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, delimiter=delimiter)

    def add(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._text.write("\r\n" * (row.line - self._line - 1))
            self._writer.writerow(self._cleaned(row.cells))
            self._line = row.line

    def pieces(self, at_least: int) -> list[bytes]:
        """What has been added since, if it is so much."""
        if self._text.tell() < at_least:
            return []
        text = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        return [text[begun : begun + PIECE_BYTES] for begun in range(0, len(text), PIECE_BYTES)]

    def _cleaned(self, cells: Sequence[str]) -> Sequence[str]:
        if not self._named.names("\n".join(cells)):
            return cells
        if any(self._named.names(cell) for i, cell in enumerate(cells) if i not in self._beside):
            self.removed += 1
            return ERASED
        return [self._named.without(cell) for cell in cells]
