"""The mail sink as a process of its own, for split mode."""

import asyncio
from pathlib import Path

from servicekit.server import Address
from servicekit.server import serve as serve_http

from leadwire.mail.pages import mail_routes
from leadwire.mail.sink import MailFolder, MailSink
from leadwire.pages import start_pages


async def serve(data_dir: Path, smtp: tuple[str, int], http: tuple[str, int], stop: asyncio.Event) -> None:
    """SMTP and the pages at (host, port) each, until `stop` is set."""
    folder = MailFolder(data_dir / "mail")
    sink = MailSink(folder, smtp[1], smtp[0])
    await sink.start()
    try:
        await serve_http(start_pages(list(mail_routes(folder))), Address(host=http[0], port=http[1]), stop)
    finally:
        await sink.stop()
