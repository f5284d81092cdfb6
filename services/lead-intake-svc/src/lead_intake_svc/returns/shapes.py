"""Returns as they are asked for, answered and shown."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints
from servicekit.http import Input

MOST = 500
Id = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Kind = Literal["purchase", "sale"]
State = Literal["proposed", "dismissed", "requested", "accepted", "declined", "disputed", "lapsed"]


class ReturnsWanted(Input):
    lead_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST)]
    reason: Reason
    comment: Text | None = None


class Confirmation(Input):
    """Without a reason the proposed one stands."""

    reason: Reason | None = None
    comment: Text | None = None


class Answer(Input):
    answer: Text | None = None


class Dispute(Input):
    comment: Text | None = None


class Flags(Input):
    flags: Annotated[list[Id], Field(max_length=50)]


class LeadResult(BaseModel):
    """What became of one of the leads of a call."""

    index: int
    status: Literal["ok", "failed"]
    lead_id: str
    code: str | None = None
    detail: str | None = None
    id: str | None = None


class ReturnResult(LeadResult):
    """`ok` with a `code` is a warning. `id` is the return's."""


class ReturnResults(BaseModel):
    results: list[ReturnResult]


class Return(BaseModel):
    """`kind` is `purchase` for a lead that goes back to `partner_id`, who sold it, and `sale` for one that comes back
    from `partner_id`, who bought it. `refusal` says why a proposal could not be requested automatically. `flags` are
    ids of `/v1/return-flags`.
    """

    id: str
    kind: Kind
    lead_id: str
    sale_id: str | None
    partner_id: str
    project_id: str
    sponsor_id: str | None
    state: State
    reason: str
    comment: str | None
    answer: str | None
    refusal: str | None
    warning: str | None
    evidence: dict[str, Any]
    on_no_answer: Literal["accept", "escalate"]
    requested_at: datetime
    requested_by: str | None
    answer_by: datetime
    answered_at: datetime | None
    answered_by: str | None
    disputed_at: datetime | None
    disputed_by: str | None
    lapsed_at: datetime | None
    flags: list[str]
    version: int
