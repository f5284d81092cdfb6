"""Fixtures of notify-svc's tests: leads, partners, real SMTP servers in the test's event loop, and senders."""

import asyncio
import email
import email.policy
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP
from contracts.events.intake import LeadAcceptedV1, PartnerContent, PartnerCreatedV1, ReturnContent, ReturnRequestedV1
from contracts.events.values import LeadRef, Person
from notify_svc.app import build, build_sender
from notify_svc.dispatching import Dispatcher
from notify_svc.settings import Settings
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest, make_service_fixture


def make_settings(url: str, port: int = 2525, **others: Any) -> Settings:
    standard = {
        "database_url": url,
        "identity_keys": TEST_KEY_SET,
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_tls": "off",
        "smtp_allow_insecure": True,
        "smtp_from": "Leadwire <leads@centre.example>",
        "smtp_timeout_seconds": 5,
        "webhook_secret_key": "a-key-for-tests-that-is-long-enough",
        "webhook_addresses": "loopback",
        "webhook_allow_insecure": True,
        "webhook_timeout_seconds": 5,
    }
    return Settings.model_validate(standard | others)


service = make_service_fixture("notify_svc", build, make_settings)
# Another ledger, for what is measured side by side.
service_beside = make_service_fixture("notify_svc", build, make_settings)


@pytest.fixture(name="make_settings")
def make_settings_fixture() -> Callable[..., Settings]:
    return make_settings


@dataclass
class Mail:
    """As the server got it: envelope, content, and whether the connection was encrypted."""

    sender: str
    recipients: list[str]
    content: bytes
    encrypted: bool
    message: EmailMessage = field(init=False)

    def __post_init__(self):
        message = email.message_from_bytes(self.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.message = message

    def body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())


class Sink:
    """A real SMTP server on loopback. `on_rcpt` and `on_data` decide about replies; None is 250."""

    def __init__(self):
        self.mails: list[Mail] = []
        self.connections = 0
        self.protocols: list[Any] = []
        self.port = 0
        self.on_rcpt: Callable[[str], str | None] = lambda _: None
        self.on_data: Callable[[Any], Awaitable[str | None]] = self._accept
        self._server: asyncio.Server | None = None

    async def start(self, **options: Any):
        def connected() -> Any:
            self.connections += 1
            protocol = SMTP(self, hostname="sink.example", **options)
            self.protocols.append(protocol)
            return protocol

        loop = asyncio.get_running_loop()
        context = options.pop("implicit_tls", None)
        self._server = await loop.create_server(connected, "127.0.0.1", self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self):
        self.hang_up()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def hang_up(self):
        """Closes every connection, as servers do with idle ones."""
        for protocol in self.protocols:
            if protocol.transport is not None:
                protocol.transport.abort()
        self.protocols.clear()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 -- aiosmtpd's
        reply = self.on_rcpt(address)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's
        encrypted = server.transport.get_extra_info("sslcontext") is not None or session.ssl is not None
        self.mails.append(Mail(envelope.mail_from, envelope.rcpt_tos, envelope.content, encrypted))
        return await self.on_data(server) or "250 OK queued"

    async def _accept(self, _: Any) -> str | None:
        return None


async def _started_sink() -> AsyncIterator[Sink]:
    started = Sink()
    await started.start()
    yield started
    await started.stop()


sink = pytest_asyncio.fixture(_started_sink, name="sink")
sink_beside = pytest_asyncio.fixture(_started_sink, name="sink_beside")


class Mailer:
    """Runs senders of the service under test against a sink."""

    def __init__(self, service: ServiceUnderTest, dsn: str):
        self.service = service
        self.dsn = dsn

    def sender(self, port: int, lease: timedelta = timedelta(minutes=5), **settings: Any) -> Dispatcher[Any, Any]:
        return build_sender(make_settings(self.dsn, port, **settings), self.service.db, lease)

    @asynccontextmanager
    async def running(self, *senders: Dispatcher[Any, Any]) -> AsyncGenerator[list[asyncio.Task[None]]]:
        tasks = [asyncio.create_task(sender.run()) for sender in senders]
        yield tasks
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results), results

    async def until(self, condition: str, *args: Any):
        """Waits for the ledger to be as the SQL says."""
        async with asyncio.timeout(20):
            while not await self.service.db.pool.fetchval(f"SELECT {condition}", *args):  # noqa: ASYNC110 -- a table has no event
                await asyncio.sleep(0.02)

    async def settle(self, *senders: Dispatcher[Any, Any]):
        """Sends until nothing is due and nothing under way."""
        async with self.running(*senders):
            await self.until("NOT EXISTS (SELECT FROM emails WHERE state = 'sending' OR next_attempt_at <= now())")

    async def time_passes(self):
        """What waits for another attempt is due now."""
        await self.service.db.pool.execute("UPDATE emails SET next_attempt_at = now() WHERE next_attempt_at > now()")

    async def rows(self) -> list[Any]:
        return await self.service.db.pool.fetch("SELECT * FROM emails ORDER BY id")

    async def log(self) -> list[str]:
        return [row["event"] for row in await self.service.db.pool.fetch("SELECT event FROM email_log ORDER BY id")]


@pytest_asyncio.fixture
async def mailer(service: ServiceUnderTest) -> Mailer:
    return Mailer(service, service.dsn)


@pytest_asyncio.fixture
async def mailer_beside(service_beside: ServiceUnderTest) -> Mailer:
    return Mailer(service_beside, service_beside.dsn)


@pytest.fixture
def make_partner() -> Callable[..., PartnerContent]:
    def make(number: int = 1, *addresses: str, kind: type[PartnerContent] = PartnerCreatedV1, **fields: Any) -> Any:
        standard: dict[str, Any] = {"name": f"Partner {number}", "sells_leads": True}
        standard["purchase_notification_emails"] = list(addresses) or [f"buyer{number}@p{number}.example"]
        return kind(partner_id=f"ptr_{number}", **(standard | fields))

    return make


@pytest.fixture
def make_lead() -> Callable[..., LeadAcceptedV1]:
    def make(number: int = 1, partner: int = 1, *, test: bool = False, **fields: Any) -> LeadAcceptedV1:
        ref = LeadRef(lead_id=f"lead_{number:04}", partner_id=f"ptr_{partner}", project_id="prj_1", test=test)
        standard: dict[str, Any] = {
            "external_id": f"ext-{number}",
            "received_at": datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
            "location": "queue",
            "priority": "normal",
            "hold": False,
            "person": Person(first_name="Aino", last_name="Virta", phone="+358401234567", email="aino@example.com"),
            "comments": f"words about {number}",
        }
        return LeadAcceptedV1(lead=ref, **(standard | fields))

    return make


@pytest_asyncio.fixture
async def queued(service: ServiceUnderTest, make_lead: Any, make_partner: Any) -> None:
    """One mail waits."""
    await service.deliver(make_partner())
    await service.deliver(make_lead())


@pytest.fixture
def make_return(make_lead: Any) -> Callable[..., ReturnContent]:
    def make(kind: type[ReturnContent] = ReturnRequestedV1, **fields: Any) -> Any:
        now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        standard: dict[str, Any] = {
            "return_id": "ret_1",
            "lead": make_lead().lead,
            "reason": "wrong-number",
            "requested_at": now,
            "answer_by": now + timedelta(days=7),
            "comment": "The agent thinks it is a fax",
            "external_id": "ext-1",
            "evidence": {"validation_notes": ["secret note"]},
        }
        return kind(**(standard | fields))

    return make


@pytest.fixture
def new_rule(service: ServiceUnderTest) -> Callable[..., Awaitable[dict[str, Any]]]:
    """About rejected leads, and to one address, unless it is said otherwise; `text` is its template's."""

    async def template(text: str) -> str:
        body = {"name": "T", "subject": "{{ lead.id }} {{ project.name }}", "text": text}
        answer = await service.http.post("/v1/templates", json=body, headers=service.headers())
        return answer.json()["id"]

    async def make(*recipients: dict[str, str], **fields: Any) -> dict[str, Any]:
        body: dict[str, Any] = {
            "name": "Rejections",
            "event_types": ["intake.lead.rejected.v1"],
            "recipients": recipients or [{"kind": "address", "address": "Boss@Centre.example"}],
        }
        text = fields.pop("text", "{{ event.type }} {{ data.reason }}")
        if "template_id" not in fields:
            fields["template_id"] = await template(text)
        headers = service.headers("supervisor")
        answer = await service.http.post("/v1/notification-rules", json=body | fields, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return make


@pytest.fixture
def make_template(service: ServiceUnderTest) -> Callable[..., Awaitable[dict[str, Any]]]:
    async def make(**fields: Any) -> dict[str, Any]:
        new: dict[str, Any] = {
            "name": "Answer",
            "subject": "About {{ lead.external_id }}",
            "html": "<style>p { color: red }</style><p>Dear <b>{{ lead.name }}</b></p>"
            "<a href='https://a.example/x'>here</a>",
            "sample": {"lead": {"external_id": "CRM-1", "name": "Aino"}},
        }
        answer = await service.http.post("/v1/templates", json=new | fields, headers=service.headers("supervisor"))
        assert answer.status_code == 201, answer.text
        return answer.json()

    return make
