"""Imports and mappings as they are sent and shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from asyncpg import Record
from lead_intake_svc.imports.fields import is_field
from lead_intake_svc.imports.sniffing import DELIMITERS, MAX_COLUMNS
from lead_intake_svc.intake.shapes import Id
from pydantic import AfterValidator, Field, Json, StringConstraints
from pydantic import BaseModel as Output
from servicekit.csv_lines import Delimiter
from servicekit.http import Input

Result = Literal["accepted", "rejected", "quarantined", "existing", "updated", "invalid"]
State = Literal["unmapped", "checking", "checked", "importing", "completed", "cancelled", "failed"]
_NAMED_DELIMITERS: Mapping[Delimiter, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

DELIMITER_NAMES: Mapping[str, Delimiter] = {character: name for name, character in _NAMED_DELIMITERS.items()}


def _mapping(value: dict[str, str]) -> dict[str, str]:
    if not all(is_field(field) for field in value.values()):
        raise ValueError("A column is mapped to a field that leads do not have.")
    if len(set(value.values())) < len(value):
        raise ValueError("Two columns are mapped to the same field.")
    return value


def _delimiter(value: str) -> str:
    named = {str(name): character for name, character in _NAMED_DELIMITERS.items()}
    delimiter = named.get(value.strip().lower(), value)
    if len(delimiter) != 1 or delimiter not in DELIMITERS:
        raise ValueError("The delimiter is comma, semicolon, tab or pipe.")
    return delimiter


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("There is no such time zone.")
    return value


Heading = Annotated[str, StringConstraints(min_length=1, max_length=250, strip_whitespace=False)]
Columns = Annotated[
    dict[Heading, Annotated[str, StringConstraints(max_length=100)]],
    Field(min_length=1, max_length=MAX_COLUMNS, description="The field of each heading, e.g. `Puhelin`: `phone`"),
    AfterValidator(_mapping),
]
DelimiterSent = Annotated[str, StringConstraints(max_length=10, strip_whitespace=False), AfterValidator(_delimiter)]
Zone = Annotated[str, StringConstraints(max_length=60), AfterValidator(_zone)]


class ImportForm(Input):
    """The fields beside `file`. Without a mapping one is suggested by the headings; if that finds neither phone nor
    e-mail, the import waits for a mapping (`unmapped`).
    """

    project_id: Id
    partner_id: Id | None = None
    contact_list_id: Id | None = None
    mapping_id: Id | None = None
    mapping: Json[Columns] | None = Field(default=None, description="JSON: heading → field")
    dry_run: bool = Field(default=False, description="Check every row, store no lead, and wait for `start`")
    again: bool = Field(default=False, description="Though this partner has sent the same file before")
    on_existing: Literal["skip", "update"] = Field(
        default="skip", description="What to do with a row whose `external_id` was sent before"
    )
    test: bool = False
    encoding: Annotated[str, StringConstraints(max_length=40)] | None = None
    delimiter: DelimiterSent | None = None
    has_header: bool = True
    time_zone: Zone = Field(default="UTC", description="Of times that say none")
    sheet: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        default=None, description="Of a workbook; sent before `file`. Default: the first visible one"
    )


class Start(Input):
    """Another mapping may be given; `dry_run` checks again instead of importing."""

    mapping_id: Id | None = None
    mapping: Columns | None = None
    dry_run: bool = False
    again: bool = False


class NewMapping(Input):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    columns: Columns
    partner_id: Id | None = None


class MappingChange(Input):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)] = ""
    columns: Columns = Field(default_factory=dict[str, str], min_length=1)


class SavedMapping(Output):
    id: str
    partner_id: str
    name: str
    columns: dict[str, str]
    version: int
    created_at: datetime
    updated_at: datetime


class FileShown(Output):
    name: str
    bytes: int
    format: Literal["csv", "xlsx"]
    encoding: str
    delimiter: Delimiter


class Failure(Output):
    code: str
    detail: str


class Import(Output):
    """`rows_total` is an estimate (lines) until the file has been read once; `results` counts rows."""

    id: str
    partner_id: str
    project_id: str
    contact_list_id: str | None
    state: State
    file: FileShown
    columns: list[str]
    mapping: dict[str, str]
    options: dict[str, Any]
    test: bool
    rows_total: int
    rows_done: int
    results: dict[str, int]
    failure: Failure | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    version: int


class RowProblem(Output):
    code: str
    level: str
    field: str | None = None
    detail: str = ""


class ImportRow(Output):
    """`line` is the row's number in the file, the header being 1."""

    line: int
    result: Result
    lead_id: str | None
    problems: list[RowProblem]


_FAILURES = {
    "quote-not-closed": "A quotation mark is not closed: the file cannot be read to its end.",
    "record-too-long": "A row is too long: a quotation mark is probably not closed.",
    "too-many-rows": "The file has too many rows. Split it.",
    "partner-inactive": "The partner company may not send leads any more.",
    "project-gone": "The project is not there any more.",
}


def show_import(row: Record) -> Import:
    failure: str | None = row["failure"]
    plain = {name: row[name] for name in Import.model_fields if name not in {"file", "failure"}}
    return Import(
        **plain,
        file=FileShown(
            name=row["file_name"],
            bytes=row["file_bytes"],
            format=row["format"],
            encoding=row["encoding"],
            delimiter=DELIMITER_NAMES[row["delimiter"]],
        ),
        failure=None if failure is None else Failure(code=failure, detail=_FAILURES.get(failure, failure)),
    )


def show_row(row: Record) -> ImportRow:
    problems = [RowProblem(**problem) for problem in row["problems"] or ()]
    return ImportRow(line=row["line"], result=row["result"], lead_id=row["lead_id"], problems=problems)


def zone_of(options: Mapping[str, Any]) -> ZoneInfo:
    return ZoneInfo(options["time_zone"])
