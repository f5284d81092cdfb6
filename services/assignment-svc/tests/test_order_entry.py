"""A1.12: what an order's items cost and come to."""

from typing import Any

from assignment_svc.orders.rules import Wrong, price_items, total_of
from assignment_svc.testing import CallCentre, lead_ref
from contracts.events.sponsor import ProductChangedV1, ProductCreatedV1
from contracts.events.values import Money
from hypothesis import given
from hypothesis import strategies as st

EUR = {"amount_minor": 990, "currency": "EUR"}


async def _order(centre: CallCentre, **fields: Any) -> Any:
    return await centre.write("POST", "orders", {"lead_id": "lead_1", "number": "N1", **fields})


async def test_a1_12_prices_come_from_the_products_and_totals_are_computed(centre: CallCentre):
    own = Money(amount_minor=990, currency="EUR")
    nobodys = Money(amount_minor=100, currency="EUR")
    await centre.service.deliver(ProductCreatedV1(product_id="prd_1", name="Green", code="G", price=nobodys))
    await centre.service.deliver(
        ProductCreatedV1(product_id="prd_2", name="Green", code="G", sponsor_id="spo_1", price=own)
    )
    await centre.lead("lead_1", lead=lead_ref("lead_1", sponsor_id="spo_1"))
    made = await _order(centre, items=[{"product_code": "G", "quantity": 3}])
    assert (made.status_code, made.json()["total"]) == (201, {"amount_minor": 2970, "currency": "EUR"})
    assert made.json()["items"][0]["unit_price"] == EUR
    await centre.service.deliver(ProductChangedV1(product_id="prd_2", name="Green", code="G", sponsor_id="spo_1"), 2)
    unknown = await _order(centre, number="N2", items=[{"product_code": "G", "quantity": 1}])
    assert (unknown.status_code, unknown.json()["code"]) == (422, "price-missing")
    path = f"orders/{made.json()['id']}"
    renamed = await centre.write("PATCH", path, {"number": "N3"})
    assert (renamed.json()["number"], renamed.json()["total"]["amount_minor"]) == ("N3", 2970)
    free = {"product_code": "X", "quantity": 2, "unit_price": {"amount_minor": 5, "currency": "SEK"}}
    edited = await centre.write("PATCH", path, {"items": [free]})
    assert edited.json()["total"] == {"amount_minor": 10, "currency": "SEK"}


async def test_a1_12_orders_that_do_not_add_up_are_refused(centre: CallCentre):
    await centre.lead()
    price = Money(amount_minor=990, currency="EUR")
    await centre.service.deliver(ProductCreatedV1(product_id="prd_1", name="Green", code="G", price=price))
    item = {"product_code": "G", "quantity": 1, "unit_price": EUR}
    sek = {"product_code": "X", "quantity": 1, "unit_price": {"amount_minor": 1, "currency": "SEK"}}
    for wrong, code, pointer in (
        ({"items": [item], "total": {"amount_minor": 1, "currency": "EUR"}}, "total-differs", "/total"),
        ({"items": [item], "total": {"amount_minor": 990, "currency": "SEK"}}, "total-differs", "/total"),
        ({"items": [item, sek]}, "currencies-mixed", "/items"),
        ({"items": [sek, {**item, "unit_price": {**EUR, "amount_minor": 1}}]}, "price-differs", "/items/1/unit_price"),
    ):
        answer = await _order(centre, **wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await centre.read("orders?lead_id=lead_1"))["data"] == []


money = st.fixed_dictionaries({"amount_minor": st.integers(0, 10**12), "currency": st.sampled_from(["EUR", "SEK"])})
items = st.lists(
    st.fixed_dictionaries(
        {
            "product_code": st.sampled_from(["a", "b", "c"]),
            "quantity": st.integers(1, 10**6),
            "unit_price": st.none() | money,
        }
    ),
    max_size=5,
)


@given(items=items, prices=st.dictionaries(st.sampled_from(["a", "b"]), money), sent=st.none() | money)
def test_a1_12_an_order_is_refused_or_adds_up_exactly(items: Any, prices: Any, sent: Any):
    priced = price_items(items, prices)
    if isinstance(priced, Wrong):
        return
    assert all(item["unit_price"] == prices.get(item["product_code"], item["unit_price"]) for item in priced)
    total = total_of(priced, sent)
    if isinstance(total, Wrong) or not priced:
        return
    assert total is not None
    assert total["amount_minor"] == sum(item["quantity"] * item["unit_price"]["amount_minor"] for item in priced)
    assert sent in (None, total)
