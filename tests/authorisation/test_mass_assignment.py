"""security.md, API3:2023: what the server owns cannot be sent, and no answer shows more than its reader may see."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from leadwire.documents import openapi_document

from authorisation import matrix
from authorisation.rows import May
from authorisation.walking import OWN, Case, Walk

# Nobody says these of themselves, whatever the operation is about, unless its own schema has the field.
SERVER_OWNED = (
    *("id", "version", "created_at", "updated_at", "created_by", "partner_id", "sponsor_id", "agent_id", "state"),
    *("status", "access_level", "permissions", "is_test", "is_admin", "billable", "held", "password_hash", "digest"),
    *("__proto__", "constructor", "prototype", "x"),
)
# A form's fields are anybody's: they are mapped, and the rest is dropped or kept as the form says.
FREE = {"POST /v1/forms/{form_id}"}
WRITES = [
    row for row in matrix.rows() if row[2].body is not None and row[2].everything | row[2].own and row[1] not in FREE
]
READS = [row for row in matrix.rows() if row[1].startswith("GET ") and row[1] != "GET /v1/me"]

# What nobody is ever told, what a level is not told, and amounts that give away whose price was shown.
SECRETS = {"password", "password_hash", "key_hash", "token_hash", "secret", "api_key", "pepper"}
PRODUCT_PRICE, LEAD_PRICE = 4242, 1717
NOT_FOR: dict[str, tuple[set[str], set[int]]] = {
    "call_centre": ({"partner_id", "sponsor_id", "price", "lead_price", "billable"}, {PRODUCT_PRICE, LEAD_PRICE}),
    "leads_agent": ({"price", "lead_price"}, {PRODUCT_PRICE, LEAD_PRICE}),
    "sponsor": ({"lead_price", "purchase_notification_emails"}, {LEAD_PRICE}),
    "partner": ({"agent_id", "work_agent_id"}, {PRODUCT_PRICE}),
    "key": ({"agent_id", "work_agent_id"}, {PRODUCT_PRICE}),
}


async def test_every_object_that_can_be_sent_is_closed() -> None:
    """Also deep inside: an object with named fields refuses others."""
    document = await openapi_document()
    schemas = document["components"]["schemas"]
    opened = {
        f"{method.upper()} {path} {place}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for media in operation.get("requestBody", {}).get("content", {}).values()
        for place, schema in _objects(media.get("schema", {}), schemas, "")
        if schema.get("properties") and schema.get("additionalProperties") is not False
    }
    assert opened == set(), "derive the model from servicekit's Input"


def _objects(schema: Any, schemas: Any, place: str, seen: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    if name:
        if name not in seen:
            yield from _objects(schemas[name], schemas, place, (*seen, name))
        return
    yield place, schema
    for field, each in schema.get("properties", {}).items():
        yield from _objects(each, schemas, f"{place}/{field}", seen)
    for each in [*schema.get("anyOf", ()), schema.get("items", {}), schema.get("additionalProperties")]:
        if isinstance(each, dict) and each:
            yield from _objects(each, schemas, f"{place}/*", seen)


@pytest.mark.parametrize(("service", "operation", "row"), WRITES, ids=[f"{row[1]}-{n}" for n, row in enumerate(WRITES)])
async def test_no_body_takes_what_the_server_owns(walk: Walk, service: str, operation: str, row: May) -> None:
    """A good body with fields more is refused with 422, each of them named, and nothing is written."""
    level = min(row.everything or row.own, key=lambda each: (each != "admin", each))
    known = await _fields_of(operation)
    extra = {name: "x" for name in SERVER_OWNED if name not in known}
    body = [{**entry, **extra} for entry in row.body] if isinstance(row.body, list) else {**row.body, **extra}
    answer = await walk.ask(Case(service, operation, replace(row, body=body), level, OWN))
    assert answer.status == (200 if isinstance(body, list) else 422), answer.text[:500]
    assert not answer.committed
    assert [name for name in extra if f"/{name}" not in answer.text] == []


async def _fields_of(operation: str) -> set[str]:
    document = await _document()
    method, path = operation.split(" ", 1)
    content = document["paths"][path][method.lower()]["requestBody"]["content"]
    objects = list(_objects(content["application/json"]["schema"], document["components"]["schemas"], ""))
    return {field for place, schema in objects if place in {"", "/*"} for field in schema.get("properties", {})}


_documents: list[Any] = []


async def _document() -> Any:
    if not _documents:
        _documents.append(await openapi_document())
    return _documents[0]


@pytest.mark.parametrize(("service", "operation", "row"), READS, ids=[f"{row[1]}-{n}" for n, row in enumerate(READS)])
async def test_no_answer_holds_more_than_the_level_may_see(walk: Walk, service: str, operation: str, row: May) -> None:
    """V4.3, I2.10: no prices and partners for validators, no agents for partners, and nobody's secrets for anybody."""
    shown: list[str] = []
    for level in ("admin", *NOT_FOR):
        fields, amounts = NOT_FOR.get(level, (set[str](), set[int]()))
        answer = await walk.ask(Case(service, operation, row, level, OWN))
        names = set(re.findall(r'"(\w+)": ?(?!null)', answer.text)) if answer.status == 200 else set[str]()
        told = {int(amount) for amount in re.findall(r'"amount_minor": ?(\d+)', answer.text)}
        shown += [f"{level} sees {each}" for each in sorted(names & (fields | SECRETS)) + sorted(told & amounts)]
    assert shown == []
