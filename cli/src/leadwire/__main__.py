"""`leadwire up|migrate|doctor|dlq|openapi|asyncapi|…`."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from embedded import NotObtainable, ServerFailed

from leadwire import __version__, up_embedded, up_split
from leadwire.announcement import say
from leadwire.options import UpOptions

app = App(name="leadwire", version=__version__, help="Message-driven lead operations for call centres.")


@app.command
def up(options: Annotated[UpOptions, Parameter(name="*")] = UpOptions()) -> None:  # noqa: B008 -- frozen
    """Run the whole platform on this machine; Ctrl-C stops it, a second start carries on with the same data."""
    run = up_split.run if options.split else up_embedded.run
    _run_until_stopped(lambda stop: run(options, stop))


@app.command(name="mail-sink", show=False)
def mail_sink(*, data_dir: Path, smtp_port: int, http_port: int) -> None:
    """The local mail sink of split mode."""
    from leadwire.mail.server import serve  # noqa: PLC0415 -- only this process needs it

    _run_until_stopped(lambda stop: serve(data_dir, smtp_port, http_port, stop))


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
    app()


if __name__ == "__main__":
    main()
