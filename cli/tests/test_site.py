"""G6.4: the documents and their pages, served by the platform itself."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from leadwire.site import Site
from starlette.applications import Starlette

OPENAPI: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": "Leadwire", "version": "1"}, "paths": {}}
ASYNCAPI: dict[str, Any] = {
    "info": {"description": "Events."},
    "operations": {},
    "components": {"messages": {}, "schemas": {}},
}


@pytest.mark.parametrize("path", ["/docs/", "/openapi.json", "/asyncapi.json", "/docs/events.html"])
async def test_g6_4_the_first_to_ask_is_answered_where_nothing_was_written_yet(tmp_path: Path, path: str) -> None:
    site = Site(tmp_path / "documents", lambda: (OPENAPI, ASYNCAPI))
    transport = httpx2.ASGITransport(app=Starlette(routes=site.routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://platform") as http:
        answer = await http.get(path)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
