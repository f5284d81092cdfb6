"""`/v1/products`."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from messaging.database import Database
from servicekit.etag import IfMatch, etag
from servicekit.http import router
from servicekit.identity import Caller, allow
from servicekit.paging import Page, decode_cursor, page_of
from servicekit.problems import not_found

from sponsor_svc.products import store
from sponsor_svc.products.change_product import change_product
from sponsor_svc.products.create_product import create_product
from sponsor_svc.products.product import Product
from sponsor_svc.products.shapes import NewProduct, ProductName, ProductOut, ProductPatch, ProductQuery, named, shown
from sponsor_svc.scope import EDITORS, scope_of


def routes(database: Database) -> APIRouter:
    products = router(prefix="/v1/products", tags=["products"])

    @products.post("", status_code=201)
    async def create(caller: Caller, body: NewProduct, response: Response) -> ProductOut:
        allow(caller, EDITORS)
        async with database.unit_of_work() as work:
            product = await create_product(work, body)
        response.headers["Location"] = f"/v1/products/{product.id}"
        return _answer(product, response)

    @products.get("")
    async def list_products(caller: Caller, query: Annotated[ProductQuery, Query()]) -> Page[ProductOut | ProductName]:
        scope = scope_of(caller, "products")
        after = decode_cursor(query.cursor, str, str, str)
        wanted = store.Wanted(sponsor_id=query.sponsor_id, sort=query.sort, after=after, limit=query.limit + 1)
        async with database.unit_of_work() as work:
            rows = await store.list_page(work, scope, wanted)

        def shape(row: store.Listed) -> ProductOut | ProductName:
            return named(row.product) if scope.names_only else shown(row.product)

        return page_of(rows, query.limit, shape, lambda row: row.place)

    @products.get("/{product_id}")
    async def read(caller: Caller, product_id: str, response: Response) -> ProductOut | ProductName:
        scope = scope_of(caller, "products")
        async with database.unit_of_work() as work:
            product = await store.find(work, product_id, scope)
        if product is None:
            raise not_found()
        return named(product) if scope.names_only else _answer(product, response)

    @products.patch("/{product_id}")
    async def change(
        caller: Caller, product_id: str, body: ProductPatch, response: Response, if_match: IfMatch = None
    ) -> ProductOut:
        allow(caller, EDITORS)
        async with database.unit_of_work() as work:
            product = await change_product(work, product_id, body.sent(), if_match)
        return _answer(product, response)

    return products


def _answer(product: Product, response: Response) -> ProductOut:
    response.headers["ETag"] = etag(product.version)
    return shown(product)
