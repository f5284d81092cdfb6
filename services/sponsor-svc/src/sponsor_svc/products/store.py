"""SQL of the products."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import asyncpg
import msgspec
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, FieldError, Kind

from sponsor_svc.names import key_of
from sponsor_svc.products.product import Product
from sponsor_svc.scope import Scope

Sort = Literal["newest", "name", "sponsor"]

_FIELDS = ("id", "name", "code", "sponsor_id", "sponsor_product_code", "price", "version", "created_at", "updated_at")
_COLUMNS = ", ".join(_FIELDS)

INSERT = f"""
INSERT INTO products (id, name, name_key, code, code_key, sponsor_id, sponsor_product_code, price)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING {_COLUMNS}
"""

UPDATE = f"""
UPDATE products SET name = $2, name_key = $3, code = $4, code_key = $5, sponsor_id = $6, sponsor_product_code = $7,
    price = $8, version = version + 1, updated_at = now()
WHERE id = $1
RETURNING {_COLUMNS}
"""

FIND = f"SELECT {_COLUMNS} FROM products WHERE id = $1 AND ($2::text[] IS NULL OR sponsor_id = ANY($2))"
FIND_TO_CHANGE = f"SELECT {_COLUMNS} FROM products WHERE id = $1 FOR UPDATE"

_FILTER = "($1::text[] IS NULL OR p.sponsor_id = ANY($1)) AND ($2::text IS NULL OR p.sponsor_id = $2)"
_OF_PRODUCT = ", ".join(f"p.{field}" for field in _FIELDS)

# Products without a sponsor come first.
LISTS: dict[Sort, str] = {
    "newest": f"""
SELECT {_OF_PRODUCT}, '' AS sponsor_key, p.name_key FROM products AS p
WHERE {_FILTER} AND ($4::text[] IS NULL OR p.id < ($4::text[])[3])
ORDER BY p.id DESC LIMIT $3
""",
    "name": f"""
SELECT {_OF_PRODUCT}, '' AS sponsor_key, p.name_key FROM products AS p
WHERE {_FILTER} AND ($4::text[] IS NULL OR (p.name_key, p.id) > (($4::text[])[2], ($4::text[])[3]))
ORDER BY p.name_key, p.id LIMIT $3
""",
    "sponsor": f"""
SELECT {_OF_PRODUCT}, coalesce(s.name_key, '') AS sponsor_key, p.name_key
FROM products AS p LEFT JOIN sponsors AS s ON s.id = p.sponsor_id
WHERE {_FILTER} AND ($4::text[] IS NULL OR
    (coalesce(s.name_key, ''), p.name_key, p.id) > (($4::text[])[1], ($4::text[])[2], ($4::text[])[3]))
ORDER BY coalesce(s.name_key, ''), p.name_key, p.id LIMIT $3
""",
}

_TAKEN = {
    "products_code": ("/code", "product-code-taken", "Another product has this code."),
    "products_sponsor_code": (
        "/sponsor_product_code",
        "sponsor-product-code-taken",
        "Another product of the sponsor has this code.",
    ),
}


@dataclass(frozen=True)
class Listed:
    """A product, and where it stands in a list: sponsor, name, id."""

    product: Product
    place: tuple[str, str, str]


async def insert(work: UnitOfWork, product: Product) -> Product:
    """Raises 409 when a code is taken."""
    return await _written(work, INSERT, product)


async def update(work: UnitOfWork, product: Product) -> Product:
    """Stores a new version. Raises 409 when a code is taken."""
    return await _written(work, UPDATE, product)


async def find(work: UnitOfWork, product_id: str, scope: Scope) -> Product | None:
    row = await work.fetchrow(FIND, product_id, scope.sponsor_ids)
    return None if row is None else msgspec.convert(dict(row), Product)


async def find_to_change(work: UnitOfWork, product_id: str) -> Product | None:
    row = await work.fetchrow(FIND_TO_CHANGE, product_id)
    return None if row is None else msgspec.convert(dict(row), Product)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """`after` is the place of the last row of the page before."""

    sponsor_id: str | None
    sort: Sort
    after: Sequence[Any] | None
    limit: int


async def list_page(work: UnitOfWork, scope: Scope, wanted: Wanted) -> list[Listed]:
    values = (scope.sponsor_ids, wanted.sponsor_id, wanted.limit, wanted.after)
    rows = await work.fetch(LISTS[wanted.sort], *values)
    return [
        Listed(msgspec.convert({f: row[f] for f in _FIELDS}, Product), (row["sponsor_key"], row["name_key"], row["id"]))
        for row in rows
    ]


async def _written(work: UnitOfWork, statement: str, product: Product) -> Product:
    keys = (product.name, key_of(product.name), product.code, key_of(product.code))
    try:
        values = (*keys, product.sponsor_id, product.sponsor_product_code, product.price)
        row = await work.fetchrow(statement, product.id, *values)
    except asyncpg.UniqueViolationError as error:
        taken = _TAKEN.get(str(error.as_dict().get("constraint_name")))
        if taken is None:
            raise
        pointer, code, detail = taken
        raise DomainError(Kind.CONFLICT, code, detail, [FieldError(pointer, code, detail)]) from None
    assert row is not None  # noqa: S101 -- the caller holds the row, or made it
    return msgspec.convert(dict(row), Product)
