"""Makes of what was sent an order that adds up."""

from collections.abc import Mapping, Sequence
from typing import Any

from messaging.unit_of_work import UnitOfWork
from servicekit.problems import invalid

from assignment_svc.orders import store
from assignment_svc.orders.rules import Wrong, price_items, total_of
from assignment_svc.orders.store import OrderContent


async def compose(
    work: UnitOfWork, sponsor_id: str | None, number: str, items: Sequence[Mapping[str, Any]], total: Any
) -> OrderContent:
    """Raises 422. `total` None: computed."""
    prices = await store.read_prices(work, sponsor_id, [item["product_code"] for item in items])
    priced = _right(price_items(items, prices))
    return OrderContent(number, priced, _right(total_of(priced, total)))


def _right(outcome: Any) -> Any:
    if isinstance(outcome, Wrong):
        raise invalid(outcome.code, outcome.detail, outcome.pointer)
    return outcome
