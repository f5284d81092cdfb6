"""Bodies and answers of `/v1/products`."""

from pydantic import Field
from servicekit.http import Input, Patch

from sponsor_svc.names import Code, EntityId, Name
from sponsor_svc.products.product import Product
from sponsor_svc.products.store import Sort
from sponsor_svc.shapes import Named, PageQuery, Stored


class NewProduct(Input):
    name: Name
    code: Code | None = Field(default=None, description="Without one, the product's id is its code.")
    sponsor_id: EntityId | None = None
    sponsor_product_code: Code | None = None


class ProductPatch(Patch):
    name: Name = ""
    code: Code = ""
    sponsor_id: EntityId | None = None
    sponsor_product_code: Code | None = None


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


def shown(product: Product) -> ProductOut:
    return ProductOut.model_validate(vars(product))


def named(product: Product) -> ProductName:
    return ProductName.model_validate({f: getattr(product, f) for f in ProductName.model_fields})
