"""The mail sink as a process of its own, for split mode."""

import asyncio
from pathlib import Path

from servicekit.runner import http_server

from leadwire.mail.pages import mail_routes
from leadwire.mail.sink import MailFolder, MailSink
from leadwire.pages import start_pages


async def serve(data_dir: Path, smtp_port: int, http_port: int, stop: asyncio.Event) -> None:
    """SMTP and the pages on loopback, until `stop` is set."""
    folder = MailFolder(data_dir / "mail")
    sink = MailSink(folder, smtp_port)
    await sink.start()
    try:
        async with http_server(start_pages(list(mail_routes(folder))), "127.0.0.1", http_port):
            await stop.wait()
    finally:
        await sink.stop()
