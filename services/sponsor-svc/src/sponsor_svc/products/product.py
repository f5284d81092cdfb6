"""A product: what is sold, usually on a sponsor's behalf."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from contracts.events.sponsor import ProductContent
from contracts.events.values import Money

E = TypeVar("E", bound=ProductContent)


@dataclass(frozen=True, kw_only=True)
class Product:
    """`code` is ours, unique; `sponsor_product_code` the sponsor's, unique among its products.

    `price` is what one costs wherever it is sold; None where that is agreed order by order.
    """

    id: str
    name: str
    code: str
    sponsor_id: str | None
    sponsor_product_code: str | None
    price: Money | None
    version: int
    created_at: datetime
    updated_at: datetime


def told(product: Product, event_class: type[E]) -> E:
    return event_class(
        product_id=product.id,
        name=product.name,
        code=product.code,
        sponsor_id=product.sponsor_id,
        sponsor_product_code=product.sponsor_product_code,
        price=product.price,
    )
