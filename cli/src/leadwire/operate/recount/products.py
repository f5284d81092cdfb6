"""What was received and sold of each product: pure. Orders name products by codes, however they are written."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sponsor_svc.names import key_of

from leadwire.operate.recount.compare import Place, Sums


def add_products(sums: Sums, rows: Iterable[Any], metric: str) -> None:
    """Of `n` leads each, with the same items of an order; of those sold, for how much in each currency."""
    for row in rows:
        items = json.loads(row["items"])
        for key in {key_of(item["product_code"]) for item in items}:
            place: Place = ("product", key, row["sponsor_id"] or "")
            sums[place, (metric, "")] += row["n"]
            if metric == "converted":
                _add_values(sums, place, [item for item in items if key_of(item["product_code"]) == key], row["n"])


def _add_values(sums: Sums, place: Place, items: Sequence[Any], n: int) -> None:
    for item in items:
        price = item["unit_price"]
        sums[place, ("value", price["currency"])] += n * item["quantity"] * price["amount_minor"]
