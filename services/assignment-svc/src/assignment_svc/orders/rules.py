"""What an order's items cost and come to (A1.12). Pure: money is minor units, and never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Price = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wrong:
    """`pointer` is into the order as it was sent."""

    code: str
    detail: str
    pointer: str


def price_items(items: Sequence[Mapping[str, Any]], prices: Mapping[str, Price]) -> list[dict[str, Any]] | Wrong:
    """`prices`: of the products that have one; it is taken where none was sent, and no other is accepted."""
    priced: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        sent, known = item.get("unit_price"), prices.get(item["product_code"])
        if sent is None and known is None:
            return Wrong("price-missing", "This product has no price of its own, so one is needed.", _price(index))
        if sent is not None and known is not None and dict(sent) != dict(known):
            return Wrong("price-differs", "This product has another price.", _price(index))
        priced.append({**item, "unit_price": dict(known or sent or {})})
    return priced


def total_of(items: Sequence[Mapping[str, Any]], sent: Price | None) -> Price | Wrong | None:
    """What the items come to, which a total that was sent has to equal; without items, what was sent."""
    currencies = {item["unit_price"]["currency"] for item in items}
    if not currencies:
        return sent
    if len(currencies) > 1:
        return Wrong("currencies-mixed", "All items of an order have one currency.", "/items")
    amount = sum(item["quantity"] * item["unit_price"]["amount_minor"] for item in items)
    total = {"amount_minor": amount, "currency": currencies.pop()}
    if sent is not None and dict(sent) != total:
        return Wrong("total-differs", "The items come to another total.", "/total")
    return total


def _price(index: int) -> str:
    return f"/items/{index}/unit_price"
