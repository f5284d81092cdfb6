"""A file on its way in: looked at early, kept in the database piece by piece as text, a workbook converted first."""

import asyncio
import hashlib
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass

from asyncpg import Pool
from lead_intake_svc.imports import store
from lead_intake_svc.imports.sniffing import HEAD_BYTES, EncodingWatch, format_of, too_many_columns
from lead_intake_svc.imports.workbook import MAX_ROWS, REFUSED
from servicekit.problems import DomainError, Kind, invalid

PIECE_BYTES = 256 * 1024
MAX_WORKBOOK_BYTES = 64 * 1024 * 1024
CONVERSIONS = 2
CONVERSION_SECONDS = 180
_REASONS = {
    "workbook-bomb": "The workbook unpacks to far more than a list of leads does.",
    "workbook-encrypted": "The workbook is encrypted. Save it without a password.",
    "workbook-too-large": "The workbook is too large to be opened. Save it as CSV.",
    "workbook-broken": "The workbook cannot be read. Save it again, or as CSV.",
    "file-not-a-workbook": "This is a ZIP file, but no XLSX workbook.",
    "sheet-unknown": "The workbook has no such sheet.",
    "too-many-rows": f"A file may have {MAX_ROWS - 1:,} rows.",
}


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """`head` is the beginning of the text, `watch` has seen all of it."""

    format: str
    digest: bytes
    size: int
    head: bytes
    watch: EncodingWatch


class Pieces:
    """Bytes as they come, into rows of the database of one size."""

    def __init__(self, pool: Pool, import_id: str) -> None:
        self.watch = EncodingWatch()
        self.head = b""
        self._pool = pool
        self._import_id = import_id
        self._n = 0
        self._held = bytearray()

    async def add(self, data: bytes) -> None:
        if len(self.head) < HEAD_BYTES:
            self.head += data[: HEAD_BYTES - len(self.head)]
        self._held += data
        while len(self._held) >= PIECE_BYTES:
            await self._keep(PIECE_BYTES)

    async def end(self) -> None:
        while self._held:
            await self._keep(PIECE_BYTES)

    async def _keep(self, size: int) -> None:
        piece = bytes(self._held[:size])
        del self._held[:size]
        self.watch.feed(piece)
        await store.add_chunk(self._pool, self._import_id, self._n, piece)
        self._n += 1


class FileReceiver:
    """At most two workbooks are converted at a time: each may take some hundred megabytes while it is read."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._converting = 0

    async def receive(self, parts: AsyncGenerator[bytes], import_id: str, fields: Mapping[str, str]) -> KeptFile:
        """Raises 422 for what is no list of leads, as early as that is known. `fields` grows while the parts come."""
        head = b""
        async for data in parts:
            head += data
            if len(head) >= HEAD_BYTES:
                break
        kind = format_of(head)
        measured = _Measured(parts, head)
        pieces = Pieces(self._pool, import_id)
        if kind == "csv":
            async for data in measured.all():
                await pieces.add(data)
        else:
            await self._convert(measured, fields.get("sheet", ""), pieces.add)
        await pieces.end()
        return KeptFile(
            format=kind,
            digest=measured.digest,
            size=measured.size,
            head=pieces.head,
            watch=pieces.watch,
        )

    async def _convert(self, measured: "_Measured", sheet: str, keep: Callable[[bytes], Awaitable[None]]) -> None:
        if self._converting >= CONVERSIONS:
            raise DomainError(
                Kind.UNAVAILABLE, "overloaded", "Other workbooks are being read.", headers={"Retry-After": "5"}
            )
        self._converting += 1
        try:
            await _run_conversion(measured, sheet, keep)
        finally:
            self._converting -= 1


class _Measured:
    """What passes, with its size and hash."""

    def __init__(self, parts: AsyncGenerator[bytes], head: bytes) -> None:
        self.size = 0
        self._parts = parts
        self._head = head
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> bytes:
        return self._hash.digest()

    async def all(self) -> AsyncGenerator[bytes]:
        yield self._seen(self._head)
        async for data in self._parts:
            yield self._seen(data)

    def _seen(self, data: bytes) -> bytes:
        self.size += len(data)
        self._hash.update(data)
        return data


async def _run_conversion(measured: _Measured, sheet: str, keep: Callable[[bytes], Awaitable[None]]) -> None:
    """In a process of its own: see `workbook`. It reads everything before it writes anything."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", "lead_intake_svc.imports.workbook", sheet,
        env={}, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdin is not None  # noqa: S101 -- they are pipes
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        async for data in measured.all():
            if measured.size > MAX_WORKBOOK_BYTES:
                raise _refused("workbook-too-large")
            process.stdin.write(data)
            await process.stdin.drain()
        process.stdin.close()
        async with asyncio.timeout(CONVERSION_SECONDS):
            while data := await process.stdout.read(PIECE_BYTES):
                await keep(data)
            word = (await process.stderr.read(2000)).decode("ascii", "replace")
            code = await process.wait()
    except (TimeoutError, ConnectionError):  # it ended, or takes for ever: either way its limits are too low for this
        raise _refused("workbook-too-large") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        raise _refused(word if code == REFUSED else "workbook-too-large")


def _refused(code: str) -> DomainError:
    if code == "too-many-columns":
        return too_many_columns()
    return invalid(code, _REASONS.get(code, _REASONS["workbook-broken"]), "/file")
