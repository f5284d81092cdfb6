"""One OpenAPI document for the whole platform, merged from the services' own."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from leadwire.services import service_of

_REFERENCE = "#/components/schemas/"


def platform_document(documents: Mapping[str, Mapping[str, Any]], version: str) -> dict[str, Any]:
    """`documents` are the services' OpenAPI documents by service name; only what the gateway routes is kept."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for name, document in documents.items():
        renamed = _with_prefix(document, "".join(part.title() for part in name.removesuffix("-svc").split("-")))
        for path, operations in renamed["paths"].items():
            owner = service_of(path)
            if owner is not None and owner.name == name:
                paths[path] = {method: {**operation, "tags": [name]} for method, operation in operations.items()}
        schemas.update(renamed.get("components", {}).get("schemas", {}))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leadwire",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in documents],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": _SECURITY},
        "security": [{"session": []}, {"cookie": []}, {"partnerKey": []}],
    }


_SECURITY = {
    "session": {"type": "http", "scheme": "bearer", "description": "The token of POST /v1/sessions."},
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "leadwire_session",
        "description": "By TLS `__Host-…`",
    },
    "partnerKey": {"type": "http", "scheme": "bearer", "description": "A partner's key, lw_live_… or lw_test_…"},
}


def _with_prefix(document: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Two services may have models of the same name: each service's get its prefix, but for those that all share."""
    names = set(document.get("components", {}).get("schemas", {}))
    text = json.dumps(document)
    for name in _longest_first(names):
        text = text.replace(f'"{_REFERENCE}{name}"', f'"{_REFERENCE}{prefix}{name}"')
    renamed = json.loads(text, object_hook=_without_unfit_default)
    schemas = renamed.get("components", {}).get("schemas", {})
    renamed.setdefault("components", {})["schemas"] = {prefix + name: schema for name, schema in schemas.items()}
    return renamed


def _without_unfit_default(schema: dict[str, Any]) -> dict[str, Any]:
    """A change's fields are "" where they are not given, which nobody may send: no default that is worth telling."""
    if schema.get("default") == "" and (schema.get("minLength") or "pattern" in schema):
        del schema["default"]
    return schema


def _longest_first(names: Iterable[str]) -> list[str]:
    return sorted(names, key=len, reverse=True)
