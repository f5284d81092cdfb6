"""What is asked of the audit log, and what it answers."""

from datetime import datetime
from typing import Annotated, Any

from asyncpg import Record
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from servicekit.csv_lines import Delimiter
from servicekit.paging import Cursor, Limit

from identity_svc.audit.store import Wanted

Text = Annotated[str | None, Field(min_length=1, max_length=200)]


class Filter(BaseModel):
    """`actor` is a user's id, `key:…`, `cli:…` or `system`; `from` is included, `to` is not."""

    model_config = ConfigDict(extra="forbid")

    actor: Text = None
    service: Text = None
    action: Text = None
    object_kind: Text = None
    object_id: Text = Field(default=None, description="An id, or the beginning of one")
    about: Text = Field(default=None, description="An id: entries whose object it is, or that were done to it")
    request_id: Text = None
    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = Field(default=None, alias="to")

    def wanted(self) -> Wanted:
        return Wanted(**{name: getattr(self, name) for name in Filter.model_fields})


class PageWanted(Filter):
    limit: Limit = 50
    cursor: Cursor = None


class ExportWanted(Filter):
    delimiter: Delimiter = "comma"


class Change(BaseModel):
    """`***` stands for a secret."""

    field: str
    before: Any = None
    after: Any = None


class Actor(BaseModel):
    """`name` and `email` are those of now, where it is a user."""

    id: str
    access_level: str
    name: str | None
    email: str | None


class Entry(BaseModel):
    id: str
    at: datetime
    service: str
    actor: Actor
    request_id: str
    operation: str
    action: str
    object_kind: str
    object_id: str
    subjects: list[str]
    changes: list[Change]
    details: dict[str, Any]


_SAME = ("at", "service", "request_id", "operation", "action", "object_kind", "object_id", "subjects", "details")


def show(row: Record) -> Entry:
    actor = Actor(id=row["actor"], access_level=row["access_level"], name=row["actor_name"], email=row["actor_email"])
    changes = [Change(**change) for change in row["changes"]]
    return Entry(id=row["entry_id"], actor=actor, changes=changes, **{name: row[name] for name in _SAME})
