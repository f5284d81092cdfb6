"""An import is started after its dry run, or cancelled."""

import asyncpg
from asyncpg import Record
from lead_intake_svc.import_mappings import store as mappings
from lead_intake_svc.imports import store
from lead_intake_svc.imports.add_import import first_state, known_file, mapping_for, publish_started
from lead_intake_svc.imports.shapes import Start
from lead_intake_svc.scope import partners_of
from messaging.unit_of_work import UnitOfWork
from servicekit.identity import Identity
from servicekit.problems import conflict, not_found

_WAITING = frozenset({"unmapped", "checked"})
_OVER = frozenset({"completed", "failed"})


async def start_import(work: UnitOfWork, import_id: str, caller: Identity, wanted: Start) -> Record:
    """Raises 409 for one that does not wait to be started, and for a file that was imported meanwhile."""
    row = await _find(work, import_id, caller)
    if row["state"] not in _WAITING:
        raise conflict("import-not-waiting", f"The import is {row['state']}.")
    saved = await saved_mapping(work, wanted.mapping_id, row["partner_id"])
    asked = wanted.mapping or saved
    mapping = row["mapping"] if asked is None else mapping_for(row["columns"], asked)
    state = first_state(mapping, dry_run=wanted.dry_run)
    if state == "unmapped":
        raise conflict("mapping-missing", "Send a mapping that has phone or email.")
    try:
        async with work.part():
            started = await store.start(work, import_id, state, mapping, wanted.again)
    except asyncpg.UniqueViolationError:
        raise await known_file(work, row["partner_id"], row["file_hash"]) from None
    if state == "importing":
        publish_started(work, started, caller.user_id)
    return started


async def cancel_import(work: UnitOfWork, import_id: str, caller: Identity) -> Record:
    row = await _find(work, import_id, caller)
    if row["state"] in _OVER:
        raise conflict("import-over", f"The import is {row['state']}.")
    return row if row["state"] == "cancelled" else await store.cancel(work, import_id)


async def saved_mapping(work: UnitOfWork, mapping_id: str | None, partner_id: str) -> dict[str, str] | None:
    """Raises 404 for a mapping that the partner does not have."""
    if mapping_id is None:
        return None
    row = await mappings.find(work, mapping_id, partner_id)
    if row is None:
        raise not_found()
    columns: dict[str, str] = row["columns"]
    return columns


async def _find(work: UnitOfWork, import_id: str, caller: Identity) -> Record:
    row = await store.find_locked(work, import_id, partners_of(caller))
    if row is None:
        raise not_found()
    return row
