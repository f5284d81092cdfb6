"""An upload: the whole list in one transaction, read as a stream (I2.18)."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from asyncpg import Record
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import invalid

from lead_intake_svc.reference.store import bump
from lead_intake_svc.suppression_lists import store
from lead_intake_svc.suppression_lists.read_file import Row, read_rows
from lead_intake_svc.suppression_lists.shapes import ListUpload
from lead_intake_svc.suppression_lists.tell import tell_list
from lead_intake_svc.suppressions.hashing import Hashing
from lead_intake_svc.suppressions.shapes import normalised_or_none

PORTION = 5000
# A number takes up to 60 µs to read: after so many rows, others get their turn.
BREATH = 100
MOST_SHOWN = 20


@dataclass
class Seen:
    """What an upload had in it."""

    valid: int = 0
    invalid: int = 0
    invalid_rows: list[int] = field(default_factory=list[int])

    def wrong(self, number: int) -> None:
        self.invalid += 1
        if len(self.invalid_rows) < MOST_SHOWN:
            self.invalid_rows.append(number)


@dataclass(frozen=True, slots=True)
class Uploaded:
    row: Record
    new: bool
    added: int
    removed: int
    seen: Seen


async def upload_list(work: UnitOfWork, upload: ListUpload, hashing: Hashing) -> Uploaded:
    """Raises 422 for a file that has nothing in it: replacing a list by it would let everybody through."""
    seen = Seen()
    await _receive(work, upload, hashing, seen)
    if seen.valid == 0:
        raise invalid("suppression-list-empty", "No row of the file has a value that a lead can have.", "/file")
    wanted_id = new_id("sul")
    values = (upload.name, upload.scope, upload.scope_id, upload.national, upload.moment)
    list_id = await store.upsert(work, wanted_id, values)
    removed = await store.remove_others(work, list_id) if upload.mode == "replace" else 0
    added = await store.add(work, list_id)
    await store.forget_incoming(work)
    row = await store.count(work, list_id, added - removed)
    tell_list(work, row)
    await bump(work, "projects")
    await bump(work, "suppressions")
    return Uploaded(row, list_id == wanted_id, added, removed, seen)


async def _receive(work: UnitOfWork, upload: ListUpload, hashing: Hashing, seen: Seen) -> None:
    portion: list[tuple[str, str, str, str | None]] = []
    for number, row in enumerate(read_rows(upload.file.file, upload.kind), start=1):
        portion.extend(_entries(number, row, upload.region, seen, hashing))
        if number % BREATH == 0:
            await asyncio.sleep(0)
        if len(portion) >= PORTION:
            await store.receive(work, portion)
            portion = []
    await store.receive(work, portion)


def _entries(
    number: int, row: Row, region: str | None, seen: Seen, hashing: Hashing
) -> Iterator[tuple[str, str, str, str | None]]:
    for kind, text in row:
        value = normalised_or_none(kind, text, region) if len(text) <= 300 else None
        if value is None:
            seen.wrong(number)
        else:
            seen.valid += 1
            yield new_id("sup"), kind, value, None if kind == "domain" else hashing(kind, value)


async def delete_list(work: UnitOfWork, list_id: str) -> bool:
    """With its entries. False when there is none."""
    row = await store.find(work, list_id, lock=True)
    if row is None:
        return False
    tell_list(work, row, removed=True)
    await store.empty(work, list_id)
    await store.delete(work, list_id)
    await bump(work, "projects")
    await bump(work, "suppressions")
    return True
