"""Conversations with the SMTP server, over connections that are used again."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from aiosmtplib import SMTP, SMTPException, SMTPResponseException, SMTPServerDisconnected

from notify_svc.sending.rules import Outcome, judge

MAILS_PER_CONNECTION = 100
IDLE_SECONDS = 20.0
_NOT_REACHED = (SMTPException, OSError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """`tls` `starttls` and `tls` refuse to go on unencrypted; `ca_file` None trusts the system's authorities."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "off"]
    ca_file: Path | None = None
    username: str | None = None
    password: str | None = None
    timeout_seconds: float = 60


@dataclass(frozen=True, slots=True)
class Letter:
    """One recipient per envelope: with two, one that is refused would be taken for sent."""

    sender: str
    recipient: str
    content: bytes


@dataclass(slots=True)
class _Progress:
    """How far a conversation got: what an end of it means depends on that."""

    connected: bool = False
    handed_over: bool = False


class _Connection:
    def __init__(self, client: SMTP) -> None:
        self.client = client
        self.mails = 0
        self.used_at = time.monotonic()

    def used(self, outcome: Outcome) -> None:
        self.mails += outcome.event == "sent"
        self.used_at = time.monotonic()

    @property
    def is_fresh(self) -> bool:
        return (
            self.client.is_connected
            and self.mails < MAILS_PER_CONNECTION
            and time.monotonic() - self.used_at < IDLE_SECONDS
        )


class MailServer:
    def __init__(self, address: ServerAddress) -> None:
        self._address = address
        self._idle: list[_Connection] = []
        self._own_name: str | None = None
        self.connections_made = 0

    async def deliver(self, letter: Letter, limit_seconds: float) -> Outcome:
        """Never raises for what the server or the network does; takes `limit_seconds` at most."""
        progress = _Progress()
        try:
            async with asyncio.timeout(limit_seconds):
                return await self._deliver(letter, progress)
        except _NOT_REACHED as error:
            if progress.handed_over:
                return Outcome("reply-lost", reply=type(error).__name__)
            code = error.code if isinstance(error, SMTPResponseException) and error.code > 0 else None
            # Once we are connected, it is this conversation that went wrong, and others may go well.
            event = "interrupted" if progress.connected else "unreachable"
            return Outcome(event, code, f"{type(error).__name__} {_words(error)}".strip())

    async def close(self) -> None:
        for connection in self._idle:
            await _quit(connection.client)
        self._idle = []

    async def _deliver(self, letter: Letter, progress: _Progress) -> Outcome:
        connection, refusal = await self._begin(letter, progress)
        try:
            if refusal is None:
                progress.handed_over = True
                outcome = await _hand_over(connection.client, letter)
            else:
                outcome = refusal
            connection.used(outcome)
            if outcome.event != "sent":
                await _reset(connection.client, outcome)
        except BaseException:
            connection.client.close()
            raise
        if connection.client.is_connected:
            self._idle.append(connection)
        return outcome

    async def _begin(self, letter: Letter, progress: _Progress) -> tuple[_Connection, Outcome | None]:
        """Offers the envelope, on a new connection where the server has left the idle ones."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_fresh:
                await _quit(connection.client)
                continue
            progress.connected = True
            with contextlib.suppress(SMTPServerDisconnected):
                refusal = await _offer(connection.client, letter)
                if refusal is None or refusal.code != 421:
                    return connection, refusal
            connection.client.close()
        progress.connected = False
        connection = await self._connect()
        progress.connected = True
        return connection, await _offer(connection.client, letter)

    async def _connect(self) -> _Connection:
        address = self._address
        client = SMTP(
            hostname=address.host,
            port=address.port,
            local_hostname=self._own_name,
            username=address.username,
            password=address.password,
            timeout=address.timeout_seconds,
            use_tls=address.tls == "tls",
            # Never None: then aiosmtplib sends in the clear to a server that does not offer encryption.
            start_tls=address.tls == "starttls",
            cert_bundle=str(address.ca_file) if address.ca_file else None,
        )
        await client.connect()
        self._own_name = client.local_hostname
        self.connections_made += 1
        return _Connection(client)


async def _offer(client: SMTP, letter: Letter) -> Outcome | None:
    """None: the server wants the content."""
    at_recipient = False
    try:
        await client.mail(letter.sender)
        at_recipient = True
        await client.rcpt(letter.recipient)
    except SMTPResponseException as error:
        return replace(judge(error.code, error.message), at_recipient=at_recipient)
    except BaseException:
        client.close()
        raise
    return None


async def _hand_over(client: SMTP, letter: Letter) -> Outcome:
    try:
        response = await client.data(letter.content)
    except SMTPResponseException as error:
        return judge(error.code, error.message, after_data=True)
    return judge(response.code, response.message, after_data=True)


async def _reset(client: SMTP, outcome: Outcome) -> None:
    """Makes the connection ready for another mail, or closes it."""
    if outcome.code != 421:
        with contextlib.suppress(*_NOT_REACHED):
            await client.rset()
            return
    client.close()


async def _quit(client: SMTP) -> None:
    with contextlib.suppress(*_NOT_REACHED):
        async with asyncio.timeout(2):
            await client.quit()
    client.close()


def _words(error: Exception) -> str:
    return error.message if isinstance(error, SMTPException) else str(error)
