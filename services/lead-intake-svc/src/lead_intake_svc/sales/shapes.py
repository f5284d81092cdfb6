"""Sales and their rules, as they are asked for and shown."""

from datetime import datetime
from typing import Annotated, Literal

from lead_intake_svc.partners.shapes import Money
from lead_intake_svc.returns.shapes import MOST, Id, LeadResult
from pydantic import BaseModel, Field, StrictBool, StrictInt
from servicekit.http import Input


class SalesWanted(Input):
    """`price` is what the buyer pays for each of the leads: it is credited when the buyer sends one back."""

    lead_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST)]
    buyer_id: Id
    price: Money | None = None


class SaleResult(LeadResult):
    """`id` is the sale's."""


class SaleResults(BaseModel):
    results: list[SaleResult]


class Sale(BaseModel):
    id: str
    lead_id: str
    buyer_id: str
    rule_id: str | None
    state: Literal["sold", "returned"]
    price: Money | None
    sold_by: str | None
    sold_at: datetime
    version: int


class NewRule(Input):
    """Leads that are accepted (or confirmed, if they are validated first) for the project and from the partner, or
    from any, are sold to the buyer. The first rule in the order of `place` whose buyer takes the lead decides.
    """

    buyer_id: Id
    project_id: Id | None = None
    partner_id: Id | None = None
    price: Money | None = None
    active: StrictBool = True
    place: Annotated[StrictInt, Field(ge=0, le=10_000)] = 100


class RuleChange(NewRule):
    """Only what is sent changes."""

    buyer_id: Id = ""


class Rule(BaseModel):
    id: str
    buyer_id: str
    project_id: str | None
    partner_id: str | None
    price: Money | None
    active: bool
    place: int
    version: int
    created_at: datetime
