"""Upstreams that tell what reached them, and both gateways in front of them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from embedded import NginxServer
from embedded.ports import free_port
from leadwire.documents import asyncapi_document
from leadwire.gateway.in_process import InProcessGateway
from leadwire.gateway.nginx import private_configuration
from leadwire.pages import start_pages
from leadwire.services import IDENTITY, SERVICES
from leadwire.site import Site, write_site
from leadwire.up_split import DOCUMENTS, upstream_name
from servicekit.server import Address, serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

OPENAPI = {"openapi": "3.1.0", "info": {"title": "Leadwire", "version": "1"}, "paths": {}}
SIGNED = "signed-by-identity-svc"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass
class Upstreams:
    """One application per service; `asked` counts the calls of identity-svc's authentication."""

    asked: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def apps(self) -> dict[str, ASGIApp]:
        return {service.name: self._app(service.name) for service in SERVICES}

    def _app(self, name: str) -> ASGIApp:
        async def tell(request: Request) -> Response:
            body = await request.body()
            told = {"service": name, "path": request.url.path, "headers": dict(request.headers), "size": len(body)}
            return JSONResponse(told)

        async def stream(_: Request) -> Response:
            return StreamingResponse(self._events(), media_type="text/event-stream")

        routes = [Route("/v1/statistics/stream", stream), Route("/{path:path}", tell, methods=METHODS)]
        if name == IDENTITY.name:
            routes.insert(0, Route("/internal/authenticate", self._authenticate))
        return Starlette(routes=routes)

    async def _events(self) -> AsyncIterator[str]:
        yield "data: first\n\n"
        await self.go_on.wait()
        yield "data: second\n\n"

    async def _authenticate(self, request: Request) -> Response:
        """As identity-svc does: by bearer token, else by cookie, whose writes need a CSRF token."""
        self.asked += 1
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        prefix = "__Host-" if request.headers.get("x-forwarded-proto") == "https" else ""
        cookie = request.cookies.get(f"{prefix}leadwire_session")
        if bearer == "good" or (not bearer and cookie == "good"):
            if not bearer and request.headers["x-original-method"] != "GET" and "x-csrf-token" not in request.headers:
                return _problem(403, "csrf-token-invalid")
            return Response(status_code=204, headers={"X-Leadwire-Identity": SIGNED})
        if bearer or cookie:
            return _problem(401, "unauthenticated")
        return Response(status_code=204)


def _problem(status: int, code: str) -> Response:
    return JSONResponse({"status": status, "code": code}, status, media_type="application/problem+json")


@asynccontextmanager
async def in_process(upstreams: Upstreams, folder: Path) -> AsyncGenerator[str]:
    site = Site(folder, lambda: (OPENAPI, asyncapi_document()))
    async with _served(InProcessGateway(upstreams.apps(), start_pages(site.routes))) as port:
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def behind_nginx(upstreams: Upstreams, folder: Path, package_cache: Path, **settings: str) -> AsyncGenerator[str]:
    async with AsyncExitStack() as stack:
        ports = {name: await stack.enter_async_context(_served(app)) for name, app in upstreams.apps().items()}
        yield await stack.enter_async_context(nginx(folder, package_cache, ports, **settings))


@asynccontextmanager
async def nginx(folder: Path, package_cache: Path, ports: Mapping[str, int], **settings: str) -> AsyncGenerator[str]:
    """The real one, with the real template. `settings` replace the values of its names."""
    listen = f"127.0.0.1:{free_port()}"
    values = {
        "LEADWIRE_GATEWAY_LISTEN": listen + (" ssl" if "ssl_certificate" in str(settings) else ""),
        "LEADWIRE_GATEWAY_SCHEME": "",
        "LEADWIRE_GATEWAY_EXTRA": "",
        "LEADWIRE_DOCUMENTS": DOCUMENTS,
        "LEADWIRE_ACCESS_LOG": "access.log leadwire",
        "LEADWIRE_RATE_PER_ADDRESS": "10000",
        "LEADWIRE_RATE_BURST": "10000",
        **{upstream_name(service): f"127.0.0.1:{ports[service.name]}" for service in SERVICES},
        **settings,
    }
    server = NginxServer(folder, package_cache=package_cache, config=private_configuration(values))
    await asyncio.to_thread(server.start)
    write_site(server.folder / DOCUMENTS, OPENAPI, asyncapi_document())
    try:
        yield f"http://{listen}"
    finally:
        await asyncio.to_thread(server.stop)


@asynccontextmanager
async def _served(app: ASGIApp) -> AsyncGenerator[int]:
    port, stop, ready = free_port(), asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(serve(app, Address(port=port), stop, ready))
    await ready.wait()
    try:
        yield port
    finally:
        stop.set()
        await serving
