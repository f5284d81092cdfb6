"""Products: S0.6."""

from typing import Any

from contracts.events.sponsor import ProductChangedV1, ProductCreatedV1
from contracts.events.values import Money
from servicekit.testing import ServiceUnderTest


async def test_a_product_is_made_changed_and_told(service: ServiceUnderTest, api: Any):
    sponsor = (await api.create("sponsors", name="Aurora"))["id"]
    product = await api.create(
        "products", "supervisor", name="Green", code="G24", sponsor_id=sponsor, sponsor_product_code="V24"
    )
    assert product["id"].startswith("prd_")
    changed = await api.patch(f"products/{product['id']}", "supervisor", name="Greener")
    assert (changed["name"], changed["code"], changed["sponsor_product_code"]) == ("Greener", "G24", "V24")
    common: dict[str, Any] = {
        "product_id": product["id"],
        "code": "G24",
        "sponsor_id": sponsor,
        "sponsor_product_code": "V24",
    }
    assert await service.published(ProductCreatedV1, ProductChangedV1) == [
        ProductCreatedV1(name="Green", **common),
        ProductChangedV1(name="Greener", **common),
    ]


async def test_a1_12_a_product_may_have_a_price_that_orders_take(service: ServiceUnderTest, api: Any):
    price: dict[str, Any] = {"amount_minor": 990, "currency": "EUR"}
    product = await api.create("products", name="Green", price=price)
    assert product["price"] == price
    assert (await api.patch(f"products/{product['id']}", name="Greener"))["price"] == price
    assert (await api.patch(f"products/{product['id']}", price=None))["price"] is None
    events = await service.published(ProductCreatedV1, ProductChangedV1)
    assert [getattr(event, "price", None) for event in events] == [Money(**price), Money(**price), None]
    assert (await api.problem("POST", "products", name="x", price={**price, "amount_minor": -1})).startswith("422")


async def test_a_product_without_a_code_is_known_by_its_id(api: Any):
    product = await api.create("products", name="Plain")
    assert product["code"] == product["id"]
    await api.create("products", name="Coded", code="G24")
    assert await api.problem("POST", "products", name="Again", code="g24") == "409 product-code-taken"
    assert await api.problem("PATCH", f"products/{product['id']}", code="G24") == "409 product-code-taken"


async def test_s0_6_the_sponsors_code_is_unique_per_sponsor(api: Any):
    aurora = (await api.create("sponsors", name="Aurora"))["id"]
    cascade = (await api.create("sponsors", name="Cascade"))["id"]
    await api.create("products", name="One", sponsor_id=aurora, sponsor_product_code="V24")
    await api.create("products", name="Other", sponsor_id=cascade, sponsor_product_code="V24")
    again = {"name": "Two", "sponsor_id": aurora, "sponsor_product_code": "V24"}
    assert await api.problem("POST", "products", **again) == "409 sponsor-product-code-taken"
    two = await api.create("products", name="Two", sponsor_id=aurora)
    await api.create("products", name="Three", sponsor_id=aurora)
    changed = {"sponsor_product_code": "V24"}
    assert await api.problem("PATCH", f"products/{two['id']}", **changed) == "409 sponsor-product-code-taken"


async def test_s0_6_products_sort_and_filter_by_sponsor(api: Any):
    await api.create("products", name="Orphan")
    zebra = (await api.create("sponsors", name="zebra"))["id"]
    aurora = (await api.create("sponsors", name="Aurora"))["id"]
    for name, sponsor in (("b", zebra), ("C", aurora), ("a", zebra), ("B", aurora)):
        await api.create("products", name=name, sponsor_id=sponsor)

    async def names(query: str) -> list[str]:
        seen: list[str] = []
        page = await api.get(f"products?limit=2&{query}")
        seen += [row["name"] for row in page["data"]]
        while page["has_more"]:
            page = await api.get(f"products?limit=2&{query}&cursor={page['next_cursor']}")
            seen += [row["name"] for row in page["data"]]
        return seen

    assert await names("sort=sponsor") == ["Orphan", "B", "C", "a", "b"]
    assert await names("sort=newest") == ["B", "a", "C", "b", "Orphan"]
    assert (await names("sort=name"))[0] == "a"
    assert sorted(await names("sort=name")) == sorted(["a", "b", "B", "C", "Orphan"])
    assert await names(f"sponsor_id={zebra}&sort=name") == ["a", "b"]
