"""`leadwire up`: the whole platform in this one process, with an embedded PostgreSQL and the embedded bus."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from embedded import PostgresServer
from messaging.embedded_bus import EmbeddedBus
from servicekit.app import App
from servicekit.logs import configure_logs, hush_loop
from servicekit.server import Address, serve, settle_memory
from servicekit.worker import build_worker, observe, run_worker
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from leadwire import __version__
from leadwire.announcement import announce_ready, say
from leadwire.demo.runner import Demo
from leadwire.documents import asyncapi_document
from leadwire.gateway.in_process import InProcessGateway
from leadwire.installation import Installation, settings_from
from leadwire.keepers import keep_running
from leadwire.mail.pages import mail_routes
from leadwire.mail.sink import MailFolder, MailSink
from leadwire.openapi import platform_document
from leadwire.options import UpOptions
from leadwire.pages import ready_page, start_pages
from leadwire.prepare import prepare
from leadwire.processes import Supervisor
from leadwire.services import SERVICES, Service
from leadwire.site import Site
from leadwire.waiting import until_stopped


async def run(options: UpOptions, stop: asyncio.Event) -> None:
    """Returns after `stop` is set and everything has been shut down in order. Raises ServerFailed or OSError."""
    postgres, installation, logins = await prepare(options)
    try:
        async with AsyncExitStack() as stack:
            _log_to_file(installation, stack)
            running = await _start(installation, postgres, stack)
            if options.demo:
                demo = Demo(installation.data_dir, installation.url)
                logins = [*logins, *await demo.prepare(installation.admin)]
                stack.push_async_callback(_cancelled, asyncio.create_task(demo.trickle()))
            announce_ready(installation.url, logins, mails=installation.shows_mails)
            await until_stopped(stop, running)
            say("stopping")
    finally:
        await asyncio.to_thread(postgres.stop)


async def _start(
    installation: Installation, postgres: PostgresServer, stack: AsyncExitStack
) -> list[asyncio.Task[None]]:
    """Starts everything; the stack ends it in reverse: requests first, then workers, then connections."""
    folder = MailFolder(installation.data_dir / "mail")
    sink = MailSink(folder, installation.ports["smtp"])
    await sink.start()
    stack.push_async_callback(sink.stop)
    say("services")
    notes = Supervisor(installation.data_dir)
    keeper = asyncio.create_task(keep_running(postgres, lambda pid: notes.note("postgres", pid)), name="postgres")
    stack.push_async_callback(_cancelled, keeper)
    apps = [await stack.enter_async_context(_built(installation, service)) for service in SERVICES]
    workers = await stack.enter_async_context(_working(apps))
    gateway = InProcessGateway({app.name: app.http for app in apps}, start_pages(_pages(apps, folder, installation)))
    server = await stack.enter_async_context(_serving(gateway, Address(host=installation.host, port=installation.port)))
    settle_memory()
    return [keeper, server, *workers]


def _log_to_file(installation: Installation, stack: AsyncExitStack) -> None:
    """The terminal is for the person who waits there; what the services log goes where split mode puts it."""
    folder = installation.data_dir / "logs"
    folder.mkdir(exist_ok=True)
    configure_logs("leadwire", stream=stack.enter_context((folder / "leadwire.log").open("a", buffering=1)))
    hush_loop(asyncio.get_running_loop())


@asynccontextmanager
async def _built(installation: Installation, service: Service) -> AsyncGenerator[App]:
    app: App = await service.build()(settings_from(service, installation.environment(service)))
    try:
        yield app
    finally:
        await app.close()


@asynccontextmanager
async def _working(apps: Sequence[App]) -> AsyncGenerator[list[asyncio.Task[None]]]:
    """Relays, consumers and tasks of all services over one bus."""
    bus, stop = EmbeddedBus(services=[app.name for app in apps]), asyncio.Event()
    workers = [(app, build_worker(app, bus)) for app in apps]
    for app, worker in workers:
        observe(app.http, app.name, worker)
    tasks = [asyncio.create_task(run_worker(app, worker, stop), name=app.name) for app, worker in workers]
    try:
        yield tasks
    finally:
        stop.set()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _serving(http: ASGIApp, address: Address) -> AsyncGenerator[asyncio.Task[None]]:
    stop, ready = asyncio.Event(), asyncio.Event()
    server = asyncio.create_task(serve(http, address, stop, ready), name="http")
    listening = asyncio.create_task(ready.wait())
    await asyncio.wait([server, listening], return_when=asyncio.FIRST_COMPLETED)
    listening.cancel()
    if server.done():
        server.result()
    try:
        yield server
    finally:
        stop.set()
        await asyncio.gather(server, return_exceptions=True)


def _pages(apps: Sequence[App], folder: MailFolder, installation: Installation) -> list[BaseRoute]:
    def documents() -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        return platform_document({app.name: app.http.openapi() for app in apps}, __version__), asyncapi_document()

    pages: list[BaseRoute] = [*Site(installation.data_dir / "documents", documents).routes, ready_page(apps)]
    return pages + list(mail_routes(folder)) if installation.shows_mails else pages


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
