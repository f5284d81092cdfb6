"""Bodies and answers of `/v1/products`."""

from typing import Any

import msgspec
from contracts.events.values import Money
from pydantic import Field
from servicekit.http import Input, Patch

from sponsor_svc.names import Code, EntityId, Name
from sponsor_svc.products.product import Product
from sponsor_svc.products.store import Sort
from sponsor_svc.shapes import Named, PageQuery, Stored


class Price(Input):
    amount_minor: int = Field(ge=0, le=10**12)
    currency: str = Field(pattern="^[A-Z]{3}$")

    def money(self) -> Money:
        return Money(amount_minor=self.amount_minor, currency=self.currency)


class NewProduct(Input):
    name: Name
    code: Code | None = Field(default=None, description="Without one, the product's id is its code.")
    sponsor_id: EntityId | None = None
    sponsor_product_code: Code | None = None
    price: Price | None = None


class ProductPatch(Patch):
    name: Name = ""
    code: Code = ""
    sponsor_id: EntityId | None = None
    sponsor_product_code: Code | None = None
    price: Price | None = None

    def sent(self) -> dict[str, Any]:
        sent = super().sent()
        return {**sent, "price": self.price.money()} if self.price is not None else sent


class ProductQuery(PageQuery):
    sponsor_id: EntityId | None = None
    sort: Sort = "newest"


class ProductName(Named):
    """What an order needs."""

    code: str
    sponsor_product_code: str | None


class ProductOut(Stored):
    name: str
    code: str
    sponsor_id: str | None
    sponsor_product_code: str | None
    price: Price | None


def shown(product: Product) -> ProductOut:
    return ProductOut.model_validate(_plain(product))


def named(product: Product) -> ProductName:
    return ProductName.model_validate({f: getattr(product, f) for f in ProductName.model_fields})


def _plain(product: Product) -> dict[str, Any]:
    return {**vars(product), "price": msgspec.to_builtins(product.price)}
