"""`leadwire up|migrate|doctor|dlq|audit|openapi|asyncapi|…`."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from embedded import NotObtainable, ServerFailed

from leadwire import __version__, up_embedded, up_split
from leadwire.announcement import say
from leadwire.errors import UNREACHABLE, CannotRun
from leadwire.operate import audit_log, dlq, keys, reconcile, statistics
from leadwire.operate.where import Where
from leadwire.options import UpOptions
from leadwire.services import SERVICES, service_named

READY_HELP = "Addresses of /readyz to ask; those of a data folder are known."
app = App(name="leadwire", version=__version__, help="Message-driven lead operations for call centres.")
app.command(dlq.app)
app.command(statistics.app)
app.command(reconcile.app)
app.command(audit_log.app)
app.command(keys.app)


@app.command
def up(options: Annotated[UpOptions, Parameter(name="*")] = UpOptions()) -> None:  # noqa: B008 -- frozen
    """Run the whole platform on this machine; Ctrl-C stops it, a second start carries on with the same data."""
    run = up_split.run if options.split else up_embedded.run
    _run_until_stopped(lambda stop: run(options, stop))


@app.command(name="mail-sink", show=False)
def mail_sink(*, data_dir: Path, smtp_port: int, http_port: int, host: str = "127.0.0.1") -> None:
    """The local mail sink of split mode and of Compose's demo profile."""
    from leadwire.mail.server import serve  # noqa: PLC0415 -- only this process needs it

    _run_until_stopped(lambda stop: serve(data_dir, (host, smtp_port), (host, http_port), stop))


@app.command
def migrate(*, service: str | None = None) -> None:
    """Bring PostgreSQL and RabbitMQ to what this version needs; settings come from the environment.

    Parameters
    ----------
    service
        Only this service's database, e.g. lead-intake-svc.

    """
    from leadwire.operate.migrate import migrate_platform  # noqa: PLC0415 -- imports every service

    services = SERVICES if service is None else (service_named(service),)
    asyncio.run(migrate_platform(os.environ, services))


@app.command
def doctor(
    *,
    where: Annotated[Where, Parameter(name="*")] = Where(),  # noqa: B008 -- frozen
    ready: Annotated[tuple[str, ...], Parameter(env_var="LEADWIRE_READY_URLS", negative="", help=READY_HELP)] = (),
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="For programs.")] = False,
) -> None:
    """Say what is wrong with an installation, and what to do; ends with 1 if anything is."""
    from leadwire.operate.doctor import exit_code, run  # noqa: PLC0415 -- only this command needs it
    from leadwire.operate.findings import as_document, print_findings  # noqa: PLC0415 -- the same

    findings = run(where, os.environ, ready)
    if as_json:
        print(json.dumps(as_document(findings), indent=1))  # noqa: T201 -- the command's output
    else:
        print_findings(findings)
    sys.exit(exit_code(findings))


@app.command(name="init-env")
def init_env(*, admin_email: str = "admin@leadwire.local", demo: bool = False) -> None:
    """Print a complete .env for docker-compose.yml, with fresh secrets.

    Parameters
    ----------
    admin_email
        The first admin's address.
    demo
        Mails go to a local sink instead of a real server.

    """
    from leadwire.operate.init_env import environment_file  # noqa: PLC0415 -- only this command needs it

    sys.stdout.write(environment_file(admin_email, demo=demo))


@app.command
def settings() -> None:
    """Print every setting of every service, as a table in Markdown."""
    from leadwire.operate.settings_table import settings_table  # noqa: PLC0415 -- imports every service

    sys.stdout.write(settings_table())


@app.command
def openapi() -> None:
    """Print one OpenAPI document for the whole platform."""
    from leadwire.documents import openapi_document  # noqa: PLC0415 -- imports every service

    print(json.dumps(asyncio.run(openapi_document()), indent=1))  # noqa: T201 -- the command's output


@app.command
def asyncapi() -> None:
    """Print the AsyncAPI document of the events."""
    from leadwire.documents import asyncapi_document  # noqa: PLC0415 -- imports every service

    print(json.dumps(asyncapi_document(), indent=1))  # noqa: T201 -- the command's output


@app.command
def documents(folder: Path, /) -> None:
    """Write both documents, and pages to browse them offline, into a folder that a web server serves."""
    from leadwire.documents import asyncapi_document, openapi_document  # noqa: PLC0415 -- imports every service
    from leadwire.site import write_site  # noqa: PLC0415 -- only this command needs it

    write_site(folder, asyncio.run(openapi_document()), asyncapi_document())


def _run_until_stopped(run: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signal_number, stop.set)
        await run(stop)

    try:
        import uvloop  # noqa: PLC0415 -- only the long-running commands need it

        uvloop.run(main())
    except (ServerFailed, NotObtainable, TimeoutError, OSError) as error:
        say(f"[red]{error}[/]")
        sys.exit(1)


def main() -> None:
    try:
        app()
    except CannotRun as error:
        sys.exit(str(error))
    except UNREACHABLE as error:
        sys.exit(f"A server cannot be reached: {error or type(error).__name__}")


if __name__ == "__main__":
    main()
