"""Bodies and answers of `/v1/notification-rules`."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from asyncpg import Record
from pydantic import AfterValidator, BaseModel, Field, model_validator
from servicekit.http import Input, Patch

from notify_svc.rules.catalogue import EVENT_TYPES
from notify_svc.sending.addresses import Address
from notify_svc.templates.shapes import Name

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Word = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
Ids = Annotated[list[Id], Field(max_length=100)]
Words = Annotated[list[Word], Field(max_length=100)]


def _known(event_type: str) -> str:
    if event_type not in EVENT_TYPES:
        raise ValueError("There are no rules about events of this type.")
    return event_type


EventType = Annotated[str, Field(max_length=100), AfterValidator(_known)]
Level = Literal["admin", "supervisor", "leads_agent", "call_centre"]


class FilterShape(Input):
    """Empty lists let everything pass; test leads only with `include_test`."""

    project_ids: Ids = Field(default_factory=list[str])
    partner_ids: Ids = Field(default_factory=list[str])
    sponsor_ids: Ids = Field(default_factory=list[str])
    reasons: Words = Field(default_factory=list[str])
    alarms: Words = Field(default_factory=list[str])
    include_test: bool = False


class RecipientShape(Input):
    """An `address`; `users` of an `access_level`; one `user`; or of the event's partner its addresses for purchases or
    returns, or its contact; the `buyer`; or every active partner that has sent leads to the event's project.
    """

    kind: Literal[
        "address", "users", "user", "partner_purchase", "partner_return", "partner_contact", "buyer", "feeding_partners"
    ]
    address: Address | None = None
    access_level: Level | None = None
    user_id: Id | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        needed = {"address": self.address, "users": self.access_level, "user": self.user_id}
        given = {kind for kind, value in needed.items() if value is not None}
        if given != ({self.kind} & needed.keys()):
            raise ValueError("`address`, `users` and `user` need the field that says which; the others have none.")
        return self


Recipients = Annotated[list[RecipientShape], Field(max_length=50)]
EndpointIds = Annotated[list[Id], Field(max_length=50)]


class NewRule(Input):
    """Recipients, who need a template; webhook endpoints, which hear of what is their owner's; or both.

    `digest`: the mails may wait for others, if their recipient wants that.
    """

    name: Name
    event_types: Annotated[list[EventType], Field(min_length=1, max_length=50)]
    filter: FilterShape = Field(default_factory=FilterShape)
    recipients: Recipients = Field(default=[])
    template_id: Id | None = None
    endpoint_ids: EndpointIds = Field(default=[])
    digest: bool = True
    active: bool = True


class RulePatch(Patch):
    name: Name = ""
    event_types: Annotated[list[EventType], Field(min_length=1, max_length=50)] = Field(default=[])
    filter: FilterShape = Field(default_factory=FilterShape)
    recipients: Recipients = Field(default=[])
    template_id: Id = ""
    endpoint_ids: EndpointIds = Field(default=[])
    digest: bool = True
    active: bool = True


class RuleShape(BaseModel):
    """`template_id` is null for the one rule that takes the partner's own, and where only endpoints are called."""

    id: str
    name: str
    event_types: list[str]
    filter: FilterShape
    recipients: list[RecipientShape]
    template_id: str | None
    endpoint_ids: list[str]
    digest: bool
    active: bool
    built_in: bool
    version: int
    changed_by: str | None
    created_at: datetime
    changed_at: datetime


class RuleVersion(BaseModel):
    """What the rule said before a change: `changed_by` and `changed_at` are of this version, not of the change."""

    version: int
    content: dict[str, Any]
    changed_by: str | None
    changed_at: datetime


def shape(row: Record) -> RuleShape:
    return RuleShape.model_validate(dict(row))
