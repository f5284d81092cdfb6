"""The six services behind the gateway's routing in one process, on a PostgreSQL of their own, as their login roles."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import httpx2
from embedded import PostgresServer
from harness.api import Api
from leadwire.announcement import Login
from leadwire.first_admin import make_first_admin
from leadwire.gateway.in_process import InProcessGateway
from leadwire.installation import PORT_NAMES, Installation, settings_from
from leadwire.pages import start_pages
from leadwire.provision import Databases, provision
from leadwire.secrets_file import Secrets
from leadwire.services import SERVICES
from messaging.embedded_bus import EmbeddedBus
from servicekit.app import App
from servicekit.server import STOPPING
from servicekit.worker import build_worker, run_worker
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ADMIN_EMAIL, ADMIN_PASSWORD = "admin@matrix.test", "a-long-enough-password"
LOCAL_WEBHOOKS = {"LEADWIRE_WEBHOOK_ADDRESSES": "loopback", "LEADWIRE_WEBHOOK_ALLOW_INSECURE": "true"}


@dataclass(frozen=True)
class Hosted:
    """`api` calls through the gateway and signs nobody in."""

    apps: Sequence[App]
    api: Api
    server: PostgresServer
    databases: Databases

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        """Relays, consumers and tasks run inside; afterwards nothing moves by itself."""
        bus, stop = EmbeddedBus(services=[app.name for app in self.apps]), asyncio.Event()
        workers = [asyncio.create_task(run_worker(app, build_worker(app, bus), stop)) for app in self.apps]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*workers)


@asynccontextmanager
async def hosted(folder: Path) -> AsyncGenerator[Hosted]:
    server = PostgresServer(folder / "postgres", fast=True)
    await asyncio.to_thread(server.start)
    try:
        async with AsyncExitStack() as stack:
            secrets = Secrets(folder)
            databases = Databases(server.dsn(), secrets.database_passwords)
            await provision(databases)
            await make_first_admin(databases, ADMIN_EMAIL, ADMIN_PASSWORD)
            installation = Installation(
                data_dir=folder,
                package_cache=folder,
                host="127.0.0.1",
                port=1,
                ports=dict.fromkeys(PORT_NAMES, 1),
                secrets=secrets,
                databases=databases,
                admin=Login("admin", ADMIN_EMAIL, ADMIN_PASSWORD),
            )
            apps: list[App] = []
            for service in SERVICES:
                environment = installation.environment(service)
                if service.name == "notify-svc":
                    environment |= LOCAL_WEBHOOKS
                app: App = await service.build()(settings_from(service, environment))
                stack.push_async_callback(app.close)
                apps.append(app)
            gateway = InProcessGateway({app.name: app.http for app in apps}, start_pages([]))
            transport = httpx2.ASGITransport(app=_Stopping(gateway))
            http = httpx2.AsyncClient(transport=transport, base_url="http://leadwire", timeout=30)
            # Many callers share the client: a cookie of one's log-in must not travel with another's request.
            http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            await stack.enter_async_context(http)
            yield Hosted(apps, Api(http), server, databases)
    finally:
        await asyncio.to_thread(server.stop)


class _Stopping:
    """Like a server that stops as soon as a stream has said what it has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stopping = asyncio.Event()

        async def watched(message: Message) -> None:
            await send(message)
            if b"data:" in message.get("body", b""):
                stopping.set()

        await self._app({**scope, "extensions": {STOPPING: stopping}}, receive, watched)
