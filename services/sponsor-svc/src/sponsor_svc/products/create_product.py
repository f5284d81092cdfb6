from datetime import UTC, datetime

from contracts.events.sponsor import ProductCreatedV1
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.products import store
from sponsor_svc.products.product import Product, told
from sponsor_svc.products.shapes import NewProduct
from sponsor_svc.sponsors import attach


async def create_product(work: UnitOfWork, body: NewProduct) -> Product:
    """Raises 422 for the sponsor (S0.4), and 409 when a code is taken."""
    await attach.check_new(work, body.sponsor_id)
    product_id, now = new_id("prd"), datetime.now(UTC)
    product = await store.insert(
        work,
        Product(
            id=product_id,
            name=body.name,
            code=body.code or product_id,
            sponsor_id=body.sponsor_id,
            sponsor_product_code=body.sponsor_product_code,
            price=None if body.price is None else body.price.money(),
            version=1,
            created_at=now,
            updated_at=now,
        ),
    )
    work.publish(told(product, ProductCreatedV1), sequence=product.version)
    return product
