"""What operators ask about dead letters, and the answers."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from messaging.dead_letters import DEFAULT_RATE_PER_SECOND, LEAST_RATE_PER_SECOND, Choice, Entry, Group
from pydantic import BaseModel, ConfigDict, Field, model_validator

from servicekit.dead_letters.masking import masked, masked_id, masked_type
from servicekit.http_input import Input
from servicekit.paging import Cursor, Limit

Name = Annotated[str, Field(min_length=1, max_length=200)]


class LettersWanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: Literal["waiting", "replayed", "discarded"] = "waiting"
    queue: Name | None = None
    type: Name | None = None
    failure: Name | None = None
    limit: Limit = 50
    cursor: Cursor = None

    def choice(self) -> Choice:
        return Choice(queue=self.queue, type=self.type, failure=self.failure)


class LettersChosen(Input):
    """Waiting letters: by their ids, all of a queue, a type or a failure (together: of all three), or `all`."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)] | None = None
    queue: Name | None = None
    type: Name | None = None
    failure: Name | None = None
    all: bool = False
    dry_run: bool = Field(default=False, description="Only count")

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if not self.all and self.choice() == Choice():
            raise ValueError("Say which: ids, queue, type, failure, or all.")
        return self

    def choice(self) -> Choice:
        return Choice(ids=self.ids, queue=self.queue, type=self.type, failure=self.failure)


class ReplayWanted(LettersChosen):
    rate_per_second: float = Field(default=DEFAULT_RATE_PER_SECOND, ge=LEAST_RATE_PER_SECOND, le=1000)


class DiscardWanted(LettersChosen):
    reason: str = Field(min_length=3, max_length=300, description="Kept in the audit log; nobody's data belongs in it")


class Decided(BaseModel):
    count: int
    dry_run: bool


class LetterGroup(BaseModel):
    """Waiting letters with the same cause."""

    queue: str
    type: str
    failure: str
    detail: str
    count: int
    first_at: datetime
    last_at: datetime


class LetterGroups(BaseModel):
    data: list[LetterGroup]


class Letter(BaseModel):
    id: UUID
    message_id: UUID
    queue: str
    type: str
    subject: str
    failure: str
    detail: str
    attempts: int
    died_at: datetime
    state: str
    decided_by: str | None
    decided_at: datetime | None


class LetterInFull(Letter):
    """`message` has the names of its fields and ids; other values are taken out. None: it is no JSON."""

    bytes: int
    message: Any


def show_group(group: Group) -> LetterGroup:
    told: dict[str, Any] = {name: getattr(group, name) for name in LetterGroup.model_fields}
    told["type"] = masked_type(group.type)
    return LetterGroup(**told)


def show(entry: Entry) -> Letter:
    return Letter(**_told(entry))


def show_in_full(entry: Entry) -> LetterInFull:
    body = entry.body or b""
    return LetterInFull(**_told(entry), bytes=len(body), message=masked(body))


def _told(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(entry, name) for name in Letter.model_fields}
    return told | {"type": masked_type(entry.type), "subject": masked_id(entry.subject)}
