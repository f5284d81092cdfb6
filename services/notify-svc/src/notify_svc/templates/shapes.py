"""Bodies and answers of `/v1/templates`."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from asyncpg import Record
from pydantic import AfterValidator, BaseModel, Field
from servicekit.http import Input, Patch

from notify_svc.sending.addresses import Address

MAX_SAMPLE = 32 * 1024
MAX_DEPTH = 6


def _small(sample: dict[str, Any]) -> dict[str, Any]:
    if _depth(sample) > MAX_DEPTH or len(msgspec.json.encode(sample)) > MAX_SAMPLE:
        raise ValueError(f"The sample data are larger than {MAX_SAMPLE} bytes, or deeper than {MAX_DEPTH} levels.")
    return sample


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max((_depth(one) for one in inner), default=0)


def _one_line(subject: str) -> str:
    if any(c in subject for c in "\r\n\0"):
        raise ValueError("A subject is one line.")
    return subject


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("There must be no NUL in it.")
    return text


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
Subject = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_one_line)]
Html = Annotated[str, Field(max_length=100_000), AfterValidator(_without_nul)]
Text = Annotated[str, Field(max_length=100_000), AfterValidator(_without_nul)]
Sample = Annotated[dict[str, Any], AfterValidator(_small)]
AfterLostReply = Literal["resend", "leave"]


class NewTemplate(Input):
    """Liquid in `subject`, `html` and `text`, at least one of the latter; without `text` it is made of the HTML.

    `after_lost_reply` says what becomes of a mail whose server fell silent after it had the content: `resend` it once,
    or `leave` it to a person.
    """

    name: Name
    subject: Subject
    html: Html | None = None
    text: Text | None = None
    sample: Sample = Field(default_factory=dict[str, Any])
    after_lost_reply: AfterLostReply = "resend"


class TemplatePatch(Patch):
    name: Name = ""
    subject: Subject = ""
    html: Html | None = None
    text: Text | None = None
    sample: Sample = Field(default_factory=dict[str, Any])
    after_lost_reply: AfterLostReply = "resend"


class PreviewOf(Patch):
    """What is not given is the newest version's."""

    subject: Subject = ""
    html: Html | None = None
    text: Text | None = None
    sample: Sample = Field(default_factory=dict[str, Any])


class Preview(BaseModel):
    """As it would be sent: HTML with its styles inlined, and always a text."""

    subject: str
    html: str | None
    text: str


class TestSend(Patch):
    __test__ = False
    to: Address
    sample: Sample = Field(default_factory=dict[str, Any])


class TemplateShape(BaseModel):
    """`key` is `id` by its older name."""

    id: str
    key: str
    version: int
    name: str
    subject: str
    html: str | None
    text: str | None
    sample: dict[str, Any]
    after_lost_reply: AfterLostReply
    built_in: bool
    created_at: datetime
    created_by: str | None


def shape(row: Record) -> TemplateShape:
    shown = {**row, "id": row["key"], "html": row["html"] or None, "text": row["text"] or None}
    return TemplateShape.model_validate(shown)
