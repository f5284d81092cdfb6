from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contracts.events.sponsor import ProductChangedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import check_match
from servicekit.problems import not_found

from sponsor_svc.products import store
from sponsor_svc.products.product import Product, told
from sponsor_svc.sponsors import attach


async def change_product(
    work: UnitOfWork, product_id: str, changes: Mapping[str, Any], if_match: str | None
) -> Product:
    """Raises 404, 412, 422 for the sponsor, 409 when a code is taken. Changing nothing makes no version."""
    current = await store.find_to_change(work, product_id)
    if current is None:
        raise not_found()
    check_match(if_match, current.version)
    wanted = replace(current, **changes)
    if wanted == current:
        return current
    await attach.check_change(work, current.sponsor_id, wanted.sponsor_id)
    changed = await store.update(work, wanted)
    work.publish(told(changed, ProductChangedV1), sequence=changed.version)
    return changed
