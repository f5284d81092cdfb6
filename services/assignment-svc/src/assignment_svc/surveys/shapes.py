"""Surveys on the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from asyncpg import Record
from pydantic import BaseModel, Field, StrictFloat, StrictInt, StrictStr, field_validator, model_validator
from servicekit.http import Input

# What an export says of each answer; a question of that name would stand there twice.
EXPORTED: Final = ("answer_id", "lead_id", "project_id", "agent_id", "at", "template_version")
Id = Annotated[str, Field(min_length=1, max_length=100)]
Key = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]
Label = Annotated[str, Field(min_length=1, max_length=400)]
Whole = Annotated[StrictInt, Field(ge=-(10**15), le=10**15)]
Answer = (
    Annotated[StrictStr, Field(max_length=4000)]
    | Whole
    | StrictFloat
    | Annotated[list[StrictStr], Field(max_length=100)]
)


class QuestionIn(Input):
    key: Key
    type: Literal["text", "number", "choice", "multi-choice", "date"]
    label: Label
    required: bool = False
    choices: list[Label] = Field(default=[], max_length=100)

    @field_validator("key")
    @classmethod
    def _not_exported(cls, key: str) -> str:
        if key in EXPORTED:
            raise ValueError("A column of the export has this name.")
        return key

    @model_validator(mode="after")
    def _choices_fit(self) -> Self:
        if ("choice" in self.type) != bool(self.choices):
            raise ValueError("Questions of type choice and multi-choice have choices, others have none.")
        if len(set(self.choices)) < len(self.choices):
            raise ValueError("A choice stands here twice.")
        return self


def _keys_differ(questions: Sequence[QuestionIn] | None) -> None:
    keys = [question.key for question in questions or ()]
    if len(set(keys)) < len(keys):
        raise ValueError("Two questions have the same key.")


class SurveyIn(Input):
    name: Label
    questions: list[QuestionIn] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _keys_differ(self.questions)
        return self


class SurveyPatch(Input):
    """Each change makes a new version; what was answered keeps the one that it answers."""

    name: Label | None = None
    active: bool | None = None
    questions: Annotated[list[QuestionIn], Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _keys_differ(self.questions)
        return self


class AnswersIn(Input):
    """`template_version`: the one that the agent had open; left out, the newest."""

    template_id: Id
    template_version: int | None = Field(default=None, ge=1, le=10**9)
    answers: dict[Key, Answer | None] = Field(max_length=100)


class SurveyOut(BaseModel):
    id: str
    name: str
    active: bool
    version: int
    questions: list[dict[str, Any]]


class AnswersOut(BaseModel):
    id: str
    lead_id: str
    project_id: str
    template_id: str
    template_version: int
    agent_id: str
    at: datetime
    answers: dict[str, Any]


def survey_out(row: Record) -> SurveyOut:
    fields = {name: row[name] for name in ("name", "active", "version", "questions")}
    return SurveyOut(id=row["template_id"], **fields)


def answers_out(row: Record) -> AnswersOut:
    names = ("lead_id", "project_id", "template_id", "template_version", "agent_id", "at", "answers")
    return AnswersOut(id=row["answer_id"], **{name: row[name] for name in names})
