"""`python -m x_svc api|worker|migrate`: one process of a service."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, NoReturn, TypeVar

import uvloop
from messaging.wake import RelayWaker
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from servicekit.app import App
from servicekit.boot.checks import check_free, check_host, check_parts, check_proxies, check_values, refuse_superuser
from servicekit.boot.environment import read_files, refuse_unknown
from servicekit.boot.errors import Misconfigured
from servicekit.health import create_health_http
from servicekit.logs import configure_logs, hush_loop
from servicekit.migrations import migrate
from servicekit.process import ApiSettings, LogSettings, MigrateSettings, WorkerSettings
from servicekit.server import Address, serve, settle_memory
from servicekit.settings import ServiceSettings
from servicekit.telemetry import start_telemetry
from servicekit.worker import build_worker, observe, run_worker

logger = logging.getLogger(__name__)
S = TypeVar("S", bound=ServiceSettings)
_PROCESS_SETTINGS = (LogSettings, ApiSettings, WorkerSettings, MigrateSettings)
_WRONG = "Settings are missing or wrong:\n"
Build = Callable[[S], Awaitable[App]]


def main(name: str, package: str, settings_class: type[S], build: Build[S]) -> NoReturn:
    """Ends the process: 0 when it was asked to stop, 1 when something failed, 2 for wrong words or settings."""

    async def traced(settings: S) -> App:
        app = await build(settings)
        telemetry = start_telemetry(name)
        return app if telemetry is None else telemetry.instrument(app)

    roles: dict[str, Callable[[], int]] = {
        "api": lambda: _run(_api(settings_class, traced)),
        "worker": lambda: _run(_worker(settings_class, traced)),
        "migrate": lambda: _migrate(package),
    }
    words = sys.argv[1:]
    if len(words) != 1 or words[0] not in roles:
        sys.stderr.write(f"usage: python -m {package} {'|'.join(roles)}\n")
        sys.exit(2)
    try:
        prepare_environment((settings_class, *_PROCESS_SETTINGS))
        configure_logs(name, LogSettings().log_level)
        sys.exit(roles[words[0]]())
    except ValidationError as error:
        sys.stderr.write(describe_settings(error, *_PROCESS_SETTINGS, settings_class))
        sys.exit(2)
    except Misconfigured as error:
        sys.stderr.write(f"{_WRONG}  {error}\n")
        sys.exit(2)


def prepare_environment(classes: Iterable[type[BaseSettings]]) -> None:
    """Settings that stand in files are read; names that are slips are refused. Raises Misconfigured."""
    known = [name for each in classes for name in each.model_fields]
    refuse_unknown(os.environ, known)
    read_files(os.environ, known)


def describe_settings(error: ValidationError, *classes: type[BaseSettings]) -> str:
    """Names the variables that are missing or wrong, with what they should be; never their values."""
    told = {name: field.description for each in classes for name, field in each.model_fields.items()}
    return _WRONG + "".join(f"  {_line(each, told)}\n" for each in error.errors())


def _line(error: Mapping[str, Any], told: Mapping[str, str | None]) -> str:
    name = "__".join(str(part) for part in error["loc"])
    words = "it is missing" if error["type"] == "missing" else str(error["msg"]).removeprefix("Value error, ")
    if not name:  # a rule about several, which names them itself
        return words
    meaning = told.get(str(error["loc"][0]))
    return f"LEADWIRE_{name.upper()}: {words}" + (f" ({meaning})" if meaning else "")


async def serve_api(app: App, address: Address, stop: asyncio.Event) -> None:
    """The API of a service whose relay runs in another process."""
    RelayWaker(app.database)
    settle_memory()
    await serve(app.http, address, stop)


async def serve_worker(app: App, amqp_url: str, health: Address, stop: asyncio.Event) -> None:
    """The worker of a service, with an HTTP port of its own for whoever watches it."""
    from messaging.amqp import AmqpTransport  # noqa: PLC0415 -- an API process never holds the broker's client

    worker = build_worker(app, AmqpTransport(amqp_url))
    http = create_health_http(app.name, app.database)
    observe(http, app.name, worker)
    settle_memory()
    async with asyncio.TaskGroup() as group:
        watched = asyncio.Event()
        group.create_task(serve(http, health, watched))
        try:
            await run_worker(app, worker, stop)
        finally:
            watched.set()


async def _api(settings_class: type[S], build: Build[S]) -> None:
    process = ApiSettings()
    check_host("http_host", process.http_host)
    check_proxies("http_trusted_proxies", process.http_trusted_proxies)
    settings = await _checked(settings_class())  # pyright: ignore[reportCallIssue] -- its fields come from the environment
    check_free("http_port", process.http_host, process.http_port)
    address = Address(host=process.http_host, port=process.http_port, trusted_proxies=process.http_trusted_proxies)
    app = await build(settings)
    try:
        await serve_api(app, address, _stop_on_signals())
    finally:
        await app.close()


async def _worker(settings_class: type[S], build: Build[S]) -> None:
    process = WorkerSettings()  # pyright: ignore[reportCallIssue] -- its fields come from the environment
    check_values(process)
    check_host("health_host", process.health_host)
    settings = await _checked(settings_class())  # pyright: ignore[reportCallIssue] -- its fields come from the environment
    check_free("health_port", process.health_host, process.health_port)
    app = await build(settings)
    try:
        health = Address(host=process.health_host, port=process.health_port)
        await serve_worker(app, process.amqp_url.get_secret_value(), health, _stop_on_signals())
    finally:
        await app.close()


async def _checked(settings: S) -> S:
    """Raises Misconfigured."""
    check_values(settings)
    check_parts(settings.checks())
    if not settings.database_allow_superuser:
        await refuse_superuser(settings.database_url.get_secret_value())
    return settings


def _migrate(package: str) -> int:
    settings = MigrateSettings()  # pyright: ignore[reportCallIssue] -- its fields come from the environment
    check_values(settings)
    try:
        changed = migrate(settings.database_url.get_secret_value(), package)
    except Exception:
        logger.exception("the migration failed")
        return 1
    logger.info("the schema is %s", "now at the newest revision" if changed else "as it should be")
    return 0


def _run(work: Coroutine[Any, Any, None]) -> int:
    async def run() -> None:
        hush_loop(asyncio.get_running_loop())
        await work

    try:
        uvloop.run(run())
    except (ValidationError, Misconfigured):
        raise
    except BaseException as error:
        logger.critical("the process ends: %s", type(error).__name__, exc_info=error)
        return 1
    return 0


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    return stop
