"""`leadwire up`: the whole platform in this one process, with an embedded PostgreSQL and the embedded bus."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from embedded import PostgresServer
from messaging.embedded_bus import EmbeddedBus
from servicekit.app import App
from servicekit.runner import http_server, run_worker
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from leadwire import __version__
from leadwire.announcement import Login, announce_ready, say
from leadwire.demo.runner import Demo
from leadwire.gateway.in_process import InProcessGateway
from leadwire.installation import Installation, settings_from
from leadwire.keepers import keep_running
from leadwire.mail.pages import mail_routes
from leadwire.mail.sink import MailFolder, MailSink
from leadwire.openapi import platform_document
from leadwire.options import UpOptions
from leadwire.pages import start_pages
from leadwire.prepare import prepare
from leadwire.processes import Supervisor
from leadwire.services import SERVICES
from leadwire.waiting import until_stopped

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


async def run(options: UpOptions, stop: asyncio.Event) -> None:
    """Returns after `stop` is set and everything has been shut down in order."""
    postgres, installation, logins = await prepare(options)
    try:
        await _serve(options, installation, postgres, logins, stop)
    finally:
        say("stopping PostgreSQL")
        await asyncio.to_thread(postgres.stop)


async def _serve(
    options: UpOptions, installation: Installation, postgres: PostgresServer, logins: list[Login], stop: asyncio.Event
) -> None:
    notes = Supervisor(installation.data_dir)
    async with AsyncExitStack() as stack:
        folder = MailFolder(installation.data_dir / "mail")
        sink = MailSink(folder, installation.ports["smtp"])
        await sink.start()
        stack.push_async_callback(sink.stop)
        say("services")
        apps = [await stack.enter_async_context(_built(installation, index)) for index in range(len(SERVICES))]
        gateway = InProcessGateway(
            {app.name: app.http for app in apps}, start_pages(_pages(apps, folder, options.host))
        )
        bus = EmbeddedBus()
        keeper = asyncio.create_task(keep_running(postgres, lambda pid: notes.note("postgres", pid)))
        stack.push_async_callback(_cancelled, keeper)
        workers = [asyncio.create_task(run_worker(app, bus, stop), name=app.name) for app in apps]
        stack.push_async_callback(_finished, stop, workers)
        server = await stack.enter_async_context(http_server(gateway, options.host, options.port))
        gc.collect()
        gc.freeze()
        if options.demo:
            demo = Demo(installation.data_dir, installation.url)
            logins = [*logins, *await demo.prepare(installation.admin)]
            stack.push_async_callback(_cancelled, asyncio.create_task(demo.trickle()))
        announce_ready(installation.url, _listed_pages(options.host), logins)
        await until_stopped(stop, [keeper, server, *workers])


@asynccontextmanager
async def _built(installation: Installation, index: int) -> AsyncIterator[App]:
    service = SERVICES[index]
    app: App = await service.build()(settings_from(service, installation.environment(service)))
    try:
        yield app
    finally:
        await app.close()


def _pages(apps: list[App], folder: MailFolder, host: str) -> list[BaseRoute]:
    document = platform_document({app.name: app.http.openapi() for app in apps}, __version__)

    async def openapi(_: Request) -> Response:
        return JSONResponse(document)

    pages: list[BaseRoute] = [Route("/openapi.json", openapi)]
    return pages + list(mail_routes(folder)) if host in LOOPBACK else pages


def _listed_pages(host: str) -> list[tuple[str, str]]:
    pages = [("/openapi.json", "every operation of the API")]
    return [("/mail", "the mails that were sent"), *pages] if host in LOOPBACK else pages


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _finished(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    stop.set()
    await asyncio.gather(*tasks, return_exceptions=True)
