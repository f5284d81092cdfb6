"""A received file becomes an import: its encoding, delimiter, columns and mapping are settled, and it starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Record
from contracts.events.intake import ImportStartedV1
from lead_intake_svc.imports import store
from lead_intake_svc.imports.fields import name_columns, suggest
from lead_intake_svc.imports.receive_file import KeptFile
from lead_intake_svc.imports.shapes import ImportForm
from lead_intake_svc.imports.sniffing import delimiter_of, first_record, known_encoding
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, Kind, invalid

OPTIONS = ("on_existing", "has_header", "time_zone")
# Without one of these no row can be a lead.
REACHABLE = frozenset({"phone", "email"})


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A file, and whose it is."""

    import_id: str
    partner_id: str
    region: str
    test: bool
    actor: str
    file_name: str
    file: KeptFile


async def add_import(work: UnitOfWork, arrived: Arrived, form: ImportForm, saved: Mapping[str, str] | None) -> Record:
    """Raises 422 for a mapping of columns that the file does not have, 409 for a file that was sent before."""
    file = arrived.file
    encoding, delimiter = _reading(file, form, arrived.region)
    record = first_record(file.head.decode(encoding, "replace"), delimiter)
    columns = name_columns(record if form.has_header else [""] * len(record))
    mapping = mapping_for(columns, form.mapping or saved)
    state = first_state(mapping, dry_run=form.dry_run)
    options = {name: getattr(form, name) for name in OPTIONS}
    row = await store.add(
        work,
        (
            arrived.import_id, arrived.partner_id, form.project_id, form.contact_list_id, state, arrived.file_name,
            file.digest, file.size, file.format, encoding, delimiter, columns, mapping, options, arrived.test,
            form.again, max(0, file.watch.lines - form.has_header), arrived.actor,
        ),
    )  # fmt: skip
    if row is None:
        raise await known_file(work, arrived.partner_id, file.digest)
    if state == "importing":
        publish_started(work, row, arrived.actor)
    return row


def mapping_for(columns: Sequence[str], wanted: Mapping[str, str] | None) -> dict[str, str]:
    """The wanted mapping, or the suggested one. A saved mapping may know more columns than a file has."""
    if wanted is None:
        return suggest(columns)
    mapping = {column: wanted[column] for column in columns if column in wanted}
    if not REACHABLE & set(mapping.values()):
        raise invalid("mapping-without-contact", "Map a column of this file to phone or email.", "/mapping")
    return mapping


def first_state(mapping: Mapping[str, str], *, dry_run: bool) -> str:
    if not REACHABLE & set(mapping.values()):
        return "unmapped"
    return "checking" if dry_run else "importing"


async def known_file(work: UnitOfWork, partner_id: str, digest: bytes) -> DomainError:
    extra: dict[str, Any] = {"import_id": await store.same_file(work, partner_id, digest)}
    detail = "This file was imported before. Send it with `again` if that is what you want."
    return DomainError(Kind.CONFLICT, "file-known", detail, extra=extra)


def publish_started(work: UnitOfWork, row: Record, actor: str) -> None:
    event = ImportStartedV1(
        import_id=row["id"], partner_id=row["partner_id"], project_id=row["project_id"], actor=actor
    )
    work.publish(event, sequence=row["version"])


def _reading(file: KeptFile, form: ImportForm, region: str) -> tuple[str, str]:
    if file.format == "xlsx":
        return "utf-8", ","
    encoding = known_encoding(form.encoding) if form.encoding is not None else file.watch.encoding(region)
    return encoding, form.delimiter or delimiter_of(file.head.decode(encoding, "replace"))
