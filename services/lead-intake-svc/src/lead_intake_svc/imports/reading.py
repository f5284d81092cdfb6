"""The records of a stored file, read piece by piece: memory does not grow with the file."""

import codecs
import csv
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice

from lead_intake_svc.imports.rows import Row

# A field may have as many characters as the csv module allows, so a record is begun only with more than that at hand.
MAX_FIELD = 131_072
LOOKAHEAD = 2 * MAX_FIELD
Fetch = Callable[[int], Awaitable[bytes | None]]


class Unreadable(Exception):
    """The file cannot be read on. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Records:
    """`fetch` gives the file's pieces by number from 0, None after the last; `position` counts the records taken."""

    def __init__(self, fetch: Fetch, encoding: str, delimiter: str) -> None:
        self.position = 0
        self._fetch = fetch
        self._decode = codecs.getincrementaldecoder(encoding)("replace").decode
        self._reader = csv.reader(self._draw(), delimiter=delimiter)
        self._lines: deque[str] = deque()
        self._ahead = 0
        self._rest = ""
        self._next = 0
        self._ended = False
        self._only_returns = False
        self._broken: Unreadable | None = None

    async def take(self, most: int) -> list[Row]:
        """Up to `most` records, fewer only at the end; blank ones are counted, and left out. Raises Unreadable."""
        taken: list[Row] = []
        while len(taken) < most:
            while not self._ended and self._ahead <= LOOKAHEAD:
                await self._fill()
            begun = self.position
            taken += self._parse(min(most - len(taken), 50))
            if self.position == begun:
                break
        return taken

    async def skip_to(self, position: int) -> None:
        """Past so many records; they are parsed again, which takes two seconds for a million."""
        while self.position < position:
            while not self._ended and self._ahead <= LOOKAHEAD:
                await self._fill()
            if not self._advance():
                return

    def _advance(self) -> bool:
        return bool(self._next_records(1))

    def _parse(self, most: int) -> list[Row]:
        before = self.position
        records = self._next_records(most)
        return [Row(before + n, cells) for n, cells in enumerate(records, start=1) if any(cells)]

    def _next_records(self, most: int) -> list[list[str]]:
        """As many as the text at hand certainly holds."""
        records: list[list[str]] = []
        if self._broken is not None:
            raise self._broken
        try:
            for record in islice(self._reader, most):
                records.append(record)
                if not self._ended and self._ahead <= LOOKAHEAD:
                    break
        except (csv.Error, Unreadable) as error:
            self._broken = error if isinstance(error, Unreadable) else Unreadable("quote-not-closed")
            if not records:
                raise self._broken from None
        self.position += len(records)
        return records

    def _draw(self) -> Iterator[str]:
        while self._lines:
            line = self._lines.popleft()
            self._ahead -= len(line)
            yield line
        if not self._ended:
            raise Unreadable("record-too-long")

    async def _fill(self) -> None:
        piece = await self._fetch(self._next)
        self._next += 1
        self._ended = piece is None
        text = self._rest + self._decode(piece or b"", final=piece is None)
        if self._next == 1:
            self._only_returns = "\r" in text.rstrip("\r") and "\n" not in text
        if self._only_returns:
            text = text.replace("\r", "\n")
        *lines, self._rest = text.split("\n")
        for line in lines:
            self._add(line + "\n")
        if self._ended and self._rest:
            self._add(self._rest)
            self._rest = ""
        elif len(self._rest) > LOOKAHEAD:
            raise Unreadable("record-too-long")

    def _add(self, line: str) -> None:
        self._lines.append(line)
        self._ahead += len(line)
