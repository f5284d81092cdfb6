"""Orders on the wire."""

from typing import Annotated, Any

from pydantic import BaseModel, Field
from servicekit.http import Input

Text = Annotated[str, Field(min_length=1, max_length=100)]


class MoneyIn(Input):
    amount_minor: int = Field(ge=0, le=10**12)
    currency: str = Field(pattern="^[A-Z]{3}$")


class ItemIn(Input):
    """The price may be left out where the product has one."""

    product_code: Text
    quantity: int = Field(ge=1, le=1_000_000)
    unit_price: MoneyIn | None = None


class OrderIn(Input):
    """The total may be left out: it is what the items come to."""

    lead_id: Text
    number: Text
    items: list[ItemIn] = Field(default=[], max_length=200)
    total: MoneyIn | None = None


class OrderPatch(Input):
    number: Text | None = None
    items: list[ItemIn] | None = Field(default=None, max_length=200)
    total: MoneyIn | None = None


class Money(BaseModel):
    amount_minor: int
    currency: str


class OrderItem(BaseModel):
    product_code: str
    quantity: int
    unit_price: Money


class OrderOut(BaseModel):
    id: str
    lead_id: str
    number: str
    status: str
    items: list[OrderItem]
    total: Money | None
    version: int


def order_out(row: Any) -> OrderOut:
    fields = {name: row[name] for name in ("lead_id", "number", "status", "items", "total", "version")}
    return OrderOut.model_validate({"id": row["order_id"], **fields})
