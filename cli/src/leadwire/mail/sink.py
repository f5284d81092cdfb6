"""An SMTP server that keeps what it is given in a folder."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session
from contracts.ids import new_id

KEPT = 5000
PRUNE_EVERY = 500
SIZE_LIMIT = 16 * 1024 * 1024
_NAME = "mail_"


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail in the sink; `recipients` are those of the envelope."""

    mail_id: str
    received_at: datetime
    recipients: list[str]
    message: EmailMessage


class MailFolder:
    """`.eml` files, newest last by name; the oldest go when there are more than KEPT and some."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stored = 0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def store(self, content: bytes, recipients: list[str]) -> None:
        name = new_id("mail")
        temporary = self._folder / f".{name}.new"
        header = "".join(f"X-Envelope-To: {recipient}\r\n" for recipient in recipients)
        temporary.write_bytes(header.encode() + content)
        temporary.rename(self._folder / f"{name}.eml")
        self._stored += 1
        if self._stored % PRUNE_EVERY == 0:
            for old in sorted(self._folder.glob(f"{_NAME}*.eml"))[:-KEPT]:
                old.unlink(missing_ok=True)

    def newest(self, limit: int = 100) -> list[StoredMail]:
        return [self._read(path) for path in sorted(self._folder.glob(f"{_NAME}*.eml"), reverse=True)[:limit]]

    def find(self, mail_id: str) -> StoredMail | None:
        if not (mail_id.startswith(_NAME) and mail_id.isascii() and mail_id.replace("_", "").isalnum()):
            return None
        path = self._folder / f"{mail_id}.eml"
        return self._read(path) if path.exists() else None

    def _read(self, path: Path) -> StoredMail:
        message = BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
        received_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return StoredMail(path.stem, received_at, [str(to) for to in message.get_all("X-Envelope-To", [])], message)


class _Handler:
    def __init__(self, folder: MailFolder) -> None:
        self._folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        content = envelope.original_content or b""
        self._folder.store(content, [str(recipient) for recipient in envelope.rcpt_tos])
        return "250 2.0.0 kept"


class MailSink:
    """Listens in the current event loop between start() and stop()."""

    def __init__(self, folder: MailFolder, port: int, host: str = "127.0.0.1") -> None:
        self._handler = _Handler(folder)
        self._address = (host, port)
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, *self._address)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    def _connection(self) -> SMTP:
        return SMTP(self._handler, data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True, ident="Leadwire mail sink")
