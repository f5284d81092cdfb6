"""Orders on the wire."""

from typing import Annotated, Any

from pydantic import BaseModel, Field
from servicekit.http import Input

from assignment_svc.orders.store import OrderContent

Text = Annotated[str, Field(min_length=1, max_length=100)]


class MoneyIn(Input):
    amount_minor: int = Field(ge=0, le=10**12)
    currency: str = Field(pattern="^[A-Z]{3}$")


class ItemIn(Input):
    product_code: Text
    quantity: int = Field(ge=1, le=1_000_000)
    unit_price: MoneyIn


class OrderIn(Input):
    lead_id: Text
    number: Text
    items: list[ItemIn] = Field(default=[], max_length=200)
    total: MoneyIn | None = None

    def content(self) -> OrderContent:
        dumped = self.model_dump()
        return OrderContent(dumped["number"], dumped["items"], dumped["total"])


class OrderPatch(Input):
    number: Text | None = None
    items: list[ItemIn] | None = Field(default=None, max_length=200)
    total: MoneyIn | None = None

    def onto(self, order: Any) -> OrderContent:
        """The order with what was sent; what was left out stays."""
        sent = self.model_dump(exclude_unset=True)
        number, items = sent.get("number") or order["number"], sent.get("items")
        return OrderContent(number, order["items"] if items is None else items, sent.get("total", order["total"]))


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
