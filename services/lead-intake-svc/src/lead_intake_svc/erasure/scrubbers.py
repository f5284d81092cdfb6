"""What is forgotten here. Whoever keeps something personal about leads in a table of its own adds a scrubber."""

from collections.abc import Awaitable, Callable

from lead_intake_svc.erasure import store
from lead_intake_svc.erasure.released_contacts import without_person
from lead_intake_svc.erasure.subject import Person
from lead_intake_svc.imports.fields import name_columns
from messaging.forgetting import forget
from messaging.unit_of_work import UnitOfWork

Scrubber = Callable[[UnitOfWork, Person], Awaitable[dict[str, int]]]


async def _own_tables(work: UnitOfWork, person: Person) -> dict[str, int]:
    return await store.scrub(work, person.lead_ids)


async def _lifted_holds(work: UnitOfWork, person: Person) -> dict[str, int]:
    return {"legal_holds": await store.scrub_holds(work, person.identities)} if person.identities else {}


async def _kept_answers(work: UnitOfWork, person: Person) -> dict[str, int]:
    words = [*person.lead_ids, *(value for _, value in person.identities)]
    return {"idempotency_keys": await store.scrub_answers(work, words)} if words else {}


async def _rows_of_files(work: UnitOfWork, person: Person) -> dict[str, int]:
    return {"import_rows": await store.scrub_imports(work, person.lead_ids, person.written.patterns)}


async def _headings(work: UnitOfWork, person: Person) -> dict[str, int]:
    found = await store.named_files(work, person.written.patterns) if person.identities else []
    for file in found:
        columns: list[str] = file["columns"]
        numbered = name_columns([""] * len(columns)) if person.written.names("\n".join(columns)) else columns
        mapping = {
            new: file["mapping"][old] for old, new in zip(columns, numbered, strict=True) if old in file["mapping"]
        }
        await store.rename_file(work, file, numbered, mapping)
    return {"imports": len(found)}


async def _contacts(work: UnitOfWork, person: Person) -> dict[str, int]:
    return await store.scrub_contacts(work, person.written, without_person) if person.identities else {}


async def _messages(work: UnitOfWork, person: Person) -> dict[str, int]:
    return await forget(work, person.lead_ids) if person.lead_ids else {}


SCRUBBERS: tuple[Scrubber, ...] = (
    _own_tables,
    _rows_of_files,
    _headings,
    _lifted_holds,
    _kept_answers,
    _contacts,
    _messages,
)


async def scrub(work: UnitOfWork, person: Person) -> dict[str, int]:
    """Rows by table. Done again it finds nothing left, except what came in between."""
    removed: dict[str, int] = {}
    for scrubber in SCRUBBERS:
        for table, rows in (await scrubber(work, person)).items():
            removed[table] = removed.get(table, 0) + rows
    return removed
