"""The mail sink as a process of its own, for split mode."""

import asyncio
from pathlib import Path

from servicekit.server import Address
from servicekit.server import serve as serve_http

from leadwire.mail.pages import mail_routes
from leadwire.mail.sink import MailFolder, MailSink
from leadwire.pages import start_pages


async def serve(data_dir: Path, smtp_port: int, http_port: int, stop: asyncio.Event) -> None:
    """SMTP and the pages on loopback, until `stop` is set."""
    folder = MailFolder(data_dir / "mail")
    sink = MailSink(folder, smtp_port)
    await sink.start()
    try:
        await serve_http(start_pages(list(mail_routes(folder))), Address(port=http_port), stop)
    finally:
        await sink.stop()
