"""A saved mapping changes its name, its columns, or both."""

from asyncpg import Record
from lead_intake_svc.import_mappings import store
from lead_intake_svc.imports.shapes import MappingChange
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import check_match
from servicekit.problems import not_found


async def change_mapping(
    work: UnitOfWork, found: tuple[str, str | None], wanted: MappingChange, if_match: str | None
) -> Record:
    """`found`: the mapping and the partner that may change it. Raises 404, 412, and UniqueViolationError."""
    row = await store.find_locked(work, *found)
    if row is None:
        raise not_found()
    check_match(if_match, row["version"])
    return await store.change(work, row["id"], wanted.name or row["name"], wanted.columns or row["columns"])
