"""The platform's documents to read and to browse, as files that need nobody else: no CDN, no service."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Collection, Mapping
from html import escape
from pathlib import Path
from typing import Any

from servicekit.docs_page import assets
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from leadwire.pages import page

Document = Mapping[str, Any]
# Nothing from elsewhere, and no script but those beside the page.
CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
    "; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
NAMES = ("openapi.json", "asyncapi.json")
_START = """
window.ui = SwaggerUIBundle({
  url: "../openapi.json", dom_id: "#swagger-ui", deepLinking: true, docExpansion: "none", validatorUrl: null
})
"""
_OPERATIONS = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>API · Leadwire</title>
<link rel="icon" href="assets/favicon.png"><link rel="stylesheet" href="assets/swagger-ui.css">
<style>p { padding: 0 20px; font-family: sans-serif }</style>
<p><a href="../openapi.json">openapi.json</a> · <a href="events.html">Events</a></p>
<div id="swagger-ui"></div>
<script src="assets/swagger-ui-bundle.js"></script><script src="assets/start.js"></script></html>
"""


def write_site(folder: Path, openapi: Document, asyncapi: Document) -> None:
    """`openapi.json`, `asyncapi.json` and `docs/` into `folder`; what is there of an older version is replaced."""
    docs = folder / "docs"
    shutil.copytree(assets(), docs / "assets", dirs_exist_ok=True)
    (docs / "assets/start.js").write_text(_START)
    (docs / "index.html").write_text(_OPERATIONS)
    (docs / "events.html").write_text(events_page(asyncapi))
    (folder / "openapi.json").write_text(json.dumps(openapi))
    (folder / "asyncapi.json").write_text(json.dumps(asyncapi))
    for path in (folder, *folder.rglob("*")):  # whatever the umask says: a web server runs as somebody else
        path.chmod(0o755 if path.is_dir() else 0o644)


class Site:
    """Serves `folder`, which is written when somebody asks for it first: who starts the platform need not wait."""

    def __init__(self, folder: Path, documents: Callable[[], tuple[Document, Document]]) -> None:
        self._folder = folder
        self._documents = documents
        self._writing = asyncio.Lock()
        self._written = False

    @property
    def routes(self) -> list[BaseRoute]:
        whole = _Files(self._folder, self._ready)
        docs = _Files(self._folder / "docs", self._ready)
        return [*(Route(f"/{name}", whole) for name in NAMES), Mount("/docs", docs)]

    async def _ready(self) -> None:
        async with self._writing:
            if not self._written:
                await asyncio.to_thread(write_site, self._folder, *self._documents())
                self._written = True


class _Files(StaticFiles):
    def __init__(self, folder: Path, ready: Callable[[], Awaitable[None]]) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)
        self._ready = ready

    async def check_config(self) -> None:
        """Starlette's, before the first answer: until then there may be no folder."""
        await self._ready()
        await super().check_config()

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["Content-Security-Policy"] = CONTENT_SECURITY
        return answer


def events_page(asyncapi: Mapping[str, Any]) -> str:
    """Every event: who sends it, which queues hear it, its fields and an example."""
    heard: dict[str, list[str]] = {}
    for name, operation in asyncapi["operations"].items():
        if operation["action"] == "receive":
            event = _last(operation["channel"]["$ref"])
            heard.setdefault(event, []).append(name.split(".receive.", 1)[1].removesuffix(f".{event}"))
    events = asyncapi["components"]["messages"]
    links = "".join(f'<li><a href="#{escape(name)}">{escape(name)}</a>' for name in events)
    schemas = asyncapi["components"]["schemas"]
    parts = "".join(_event(message, heard.get(name, []), schemas) for name, message in events.items())
    about = f"<p>{escape(asyncapi['info']['description'])}</p>"
    files = '<p><a href="../asyncapi.json">asyncapi.json</a> · <a href="./">API</a></p>'
    return page("Events", f"{files}{about}<ul>{links}</ul>{parts}")


def _event(message: Mapping[str, Any], queues: list[str], schemas: Mapping[str, Any]) -> str:
    name = escape(message["name"])
    said = escape(message.get("description", ""))
    heard = ", ".join(f"<code>{escape(queue)}</code>" for queue in sorted(queues)) or "nobody here; others may"
    data = message["payload"]["allOf"][1]["properties"]["data"]
    schema = schemas[_last(data["$ref"])]
    rows = "".join(_field(field, each, schema.get("required", ())) for field, each in schema["properties"].items())
    table = f"<table><thead><tr><th>Field<th>Type<th></thead><tbody>{rows}</tbody></table>"
    return f'<h2 id="{name}">{name}</h2><p>{said}</p><p>Heard by {heard}.</p>{table}'


def _field(name: str, schema: Mapping[str, Any], required: Collection[str]) -> str:
    need = "required" if name in required else "optional"
    return f"<tr><td><code>{escape(name)}</code><td>{escape(_type(schema))}<td>{need}</tr>"


def _type(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"$ref": str(reference)}:
            return _last(reference).rpartition(".")[2]
        case {"anyOf": list(kinds)}:
            return " or ".join(_type(kind) for kind in kinds)
        case {"enum": list(values)}:
            return " | ".join(str(value) for value in values)
        case {"type": "array", "items": dict(items)}:
            return f"list of {_type(items)}"
        case _:
            return str(schema.get("format") or schema.get("type") or "anything")


def _last(reference: str) -> str:
    return reference.rsplit("/", 1)[1].replace("~1", "/").replace("~0", "~")
