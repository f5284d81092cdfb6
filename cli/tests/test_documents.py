"""G6.4: one OpenAPI document for the whole platform, and an AsyncAPI document for the events."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from contracts.event import EVENT_TYPES
from leadwire.documents import asyncapi_document, openapi_document, service_documents
from leadwire.openapi import platform_document
from leadwire.operate.documentation import TABLES, fresh
from leadwire.services import SERVICES, Service, service_of
from openapi_spec_validator import OpenAPIV31SpecValidator

# Outside /v1 a service has what the gateway does not route: for operators, for other services, for people's eyes.
INTERNAL = re.compile(
    r"/(healthz|readyz|metrics|docs|redoc|openapi\.json|static-offline-docs|\.well-known/jwks\.json|internal/\w+)\b"
)
Documents = dict[str, dict[str, Any]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def documents() -> Documents:
    return await service_documents()


async def test_the_platforms_document_is_valid_openapi_3_1() -> None:
    document = await openapi_document()
    assert document["openapi"].startswith("3.1")
    assert [f"{list(e.path)}: {e.message}" for e in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_operation_that_the_gateway_routes_is_in_it(documents: Documents) -> None:
    whole = platform_document(documents, "1")
    for name, document in documents.items():
        for path, operations in document["paths"].items():
            owner = service_of(path)
            if owner is not None and owner.name == name:
                assert set(whole["paths"][path]) == set(operations)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_has_no_path_that_the_gateway_sends_elsewhere(documents: Documents, service: Service) -> None:
    """A route that nobody can reach, or that another service would be asked for, is a mistake."""
    paths = documents[service.name]["paths"]
    assert paths
    lost = [path for path in paths if not INTERNAL.match(path) and service_of(path) != service]
    assert lost == []


def test_models_of_the_same_name_stay_apart() -> None:
    def document(path: str, field: str) -> dict[str, Any]:
        reference = {"$ref": "#/components/schemas/Filter"}
        content = {"application/json": {"schema": reference}}
        schemas = {"Filter": {"properties": {field: {}}}, "FilterPage": {"properties": {"filter": reference}}}
        return {
            "paths": {path: {"get": {"responses": {"200": {"description": "", "content": content}}}}},
            "components": {"schemas": schemas},
        }

    documents = {"sponsor-svc": document("/v1/sponsors", "sponsor"), "lead-intake-svc": document("/v1/leads", "lead")}
    whole = platform_document(documents, "1")
    schemas = whole["components"]["schemas"]
    assert set(schemas) == {
        f"{prefix}{name}" for prefix in ("Sponsor", "LeadIntake") for name in ("Filter", "FilterPage")
    }
    for path, prefix, field in (("/v1/sponsors", "Sponsor", "sponsor"), ("/v1/leads", "LeadIntake", "lead")):
        (reference,) = _references(whole["paths"][path])
        assert reference == f"#/components/schemas/{prefix}Filter"
        assert list(schemas[f"{prefix}Filter"]["properties"]) == [field]
        assert list(_references(schemas[f"{prefix}FilterPage"])) == [f"#/components/schemas/{prefix}Filter"]


async def test_every_reference_has_its_target_and_every_operation_its_id() -> None:
    document = await openapi_document()
    schemas = document["components"]["schemas"]
    assert {r.removeprefix("#/components/schemas/") for r in _references(document)} <= set(schemas)
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))


def test_every_event_is_in_the_events_document_with_who_hears_it() -> None:
    document = asyncapi_document()
    text = str(document)
    assert all(event_type in text for event_type in EVENT_TYPES)
    heard = {f"{service.name}.{s.name}" for service in SERVICES for s in service.subscriptions()}
    assert heard
    assert all(queue in text for queue in heard)


def _references(value: Any) -> Iterator[str]:
    match value:
        case dict():
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for part in value.values():
                yield from _references(part)
        case list():
            for part in value:
                yield from _references(part)
        case _:
            return


@pytest.mark.parametrize("document", TABLES, ids=str)
def test_tables_that_are_made_from_the_code_are_fresh(document: Path):
    root = Path(__file__).parents[2]
    text = (root / document).read_text()
    assert TABLES[document][1]() in text
    assert fresh(document, root) == text, "run make docs"
