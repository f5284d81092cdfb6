"""Fixtures: real HTTP servers on loopback that answer as told, endpoints over the API, and senders."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from contracts.events.intake import LeadSoldV1
from contracts.events.validation import CaseConfirmedV1
from contracts.events.values import LeadRef, Person
from notify_svc.app import build_webhook_sender
from notify_svc.erasure.store import begin
from notify_svc.webhook_deliveries.scrub_deliveries import scrub_deliveries
from servicekit.testing import ServiceUnderTest
from standardwebhooks import Webhook

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Post:
    """A request as the sink got it. `server_name` is what was asked for in TLS."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    def verified_with(self, secret: str) -> Any:
        """By the public library; raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, self.headers)


class HookSink:
    """An HTTP server on loopback. `answer` is given each request, and writes or returns what it likes."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.connections = 0
        self.port = 0
        self.server_names: list[str | None] = []
        self.answer: Callable[[Post, asyncio.StreamWriter], Awaitable[bytes | None]] = self._accept
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @staticmethod
    def reply(status: int, body: bytes = b"", **headers: str) -> bytes:
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {status} Said So\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body

    def url(self, path: str = "/hook", scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def replies(self, *answers: bytes) -> None:
        """The given ones in turn, the last one for ever."""
        rest = list(answers)

        async def next_one(_: Post, __: asyncio.StreamWriter) -> bytes:
            return rest.pop(0) if len(rest) > 1 else rest[0]

        self.answer = next_one

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._converse(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        post = Post(head[0].split(" ")[1], headers, body)
        self.posts.append(post)
        answer = await self.answer(post, writer)
        if answer is not None:
            writer.write(answer)
        await writer.drain()

    async def _accept(self, _: Post, __: asyncio.StreamWriter) -> bytes | None:
        return OK


@pytest_asyncio.fixture
async def hook_sink() -> AsyncIterator[HookSink]:
    sink = HookSink()
    await sink.start()
    yield sink
    await sink.stop()


@pytest_asyncio.fixture
async def other_sink() -> AsyncIterator[HookSink]:
    sink = HookSink()
    await sink.start()
    yield sink
    await sink.stop()


class Hooks:
    """Endpoints, deliveries and senders of the service under test."""

    def __init__(self, mailer: Any, make_settings: Callable[..., Any]):
        self.service: ServiceUnderTest = mailer.service
        self.dsn: str = mailer.dsn
        self.running, self.until = mailer.running, mailer.until
        self.make_settings = make_settings

    async def endpoint(self, url: str, /, *types: str, status: int = 201, **fields: Any) -> Any:
        """Makes one as an admin; by default of partner 1."""
        standard = {"owner_kind": "partner", "owner_id": "ptr_1", "event_types": list(types) or ["*"]}
        body = {"url": url} | standard | fields
        body = {name: value for name, value in body.items() if value is not None}
        return await self.call("POST", "/v1/webhook-endpoints", status, json=body)

    async def receiver(self, url: str, kind: str = "sponsor", owner_id: str = "spo_1") -> Any:
        """An endpoint that hears of nothing, and is sent leads."""
        return await self.endpoint(url, owner_kind=kind, owner_id=owner_id, event_types=[], receives_leads=True)

    async def leadwire(self, url: str, **fields: Any) -> Any:
        """The endpoint of partner 2, a buyer that runs Leadwire itself."""
        keys: dict[str, Any] = {"api_key": "lw_live_abcdefghijklmnop", "target_project_id": "prj_theirs"}
        return await self.endpoint(url, owner_id="ptr_2", kind="leadwire", event_types=[], **(keys | fields))

    async def call(self, method: str, path: str, status: int = 200, headers: Any = None, **options: Any) -> Any:
        headers = self.service.headers() | (headers or {})
        answer = await self.service.http.request(method, path, headers=headers, **options)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def sender(self, resolve: Any = None, lease: timedelta | None = None, **settings: Any) -> Any:
        return build_webhook_sender(self.make_settings(self.dsn, **settings), self.service.db, resolve, lease)

    async def settle(self, *senders: Any) -> None:
        """Sends until nothing is due and nothing under way."""
        async with self.running(*(senders or [self.sender()])):
            await self.until(
                "NOT EXISTS (SELECT FROM webhook_deliveries WHERE state = 'sending' OR next_attempt_at <= now())"
            )

    async def time_passes(self) -> None:
        """What waits for another attempt is due now."""
        await self.service.db.pool.execute(
            "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE next_attempt_at > now()"
        )
        await self.service.db.pool.execute("UPDATE webhook_endpoints SET paused_until = NULL")

    async def rows(self) -> list[Any]:
        return await self.service.db.pool.fetch("SELECT * FROM webhook_deliveries ORDER BY id")

    async def row(self) -> Any:
        [row] = await self.rows()
        return row

    async def told(self, event_class: Any) -> list[Any]:
        """Of this kind, what the service published."""
        return list(await self.service.published(event_class))

    async def log(self) -> list[str]:
        rows = await self.service.db.pool.fetch("SELECT event FROM webhook_attempts ORDER BY id")
        return [row["event"] for row in rows]

    async def erase(self, *lead_ids: str) -> dict[str, int]:
        """What webhooks hold about the leads; rows by table."""
        async with self.service.db.unit_of_work() as work:
            await begin(work, lead_ids)
            return await scrub_deliveries(work, lead_ids)

    async def reason(self) -> tuple[str, str | None]:
        row = await self.row()
        return row["state"], row["reason"]


@pytest.fixture
def hooks(mailer: Any, make_settings: Any) -> Hooks:
    return Hooks(mailer, make_settings)


def ref(number: int = 1, partner: int = 1, **fields: Any) -> LeadRef:
    standard: dict[str, Any] = {"sponsor_id": "spo_1", "contact_list_id": "lst_1"}
    return LeadRef(lead_id=f"lead_{number:04}", partner_id=f"ptr_{partner}", project_id="prj_1", **(standard | fields))


@pytest.fixture
def lead_ref() -> Callable[..., LeadRef]:
    return ref


@pytest.fixture
def confirmed() -> Callable[..., CaseConfirmedV1]:
    def make(number: int = 1, **fields: Any) -> CaseConfirmedV1:
        return CaseConfirmedV1(lead=ref(number), attempts=1, decided_by="usr_v", note="internal words", **fields)

    return make


@pytest.fixture
def sold() -> Callable[..., LeadSoldV1]:
    def make(number: int = 1, buyer: int = 2, **fields: Any) -> LeadSoldV1:
        standard: dict[str, Any] = {
            "external_id": f"ext-{number}",
            "received_at": datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
            "location": "queue",
            "priority": "normal",
            "hold": False,
            "person": Person(first_name="Aino", last_name="Virta", phone="+358401234567", email="aino@example.com"),
            "buyer_id": f"ptr_{buyer}",
            "sale_id": f"sale_{number}",
            "sold_at": datetime(2026, 3, 3, 9, 0, tzinfo=UTC),
            "comments": "wants solar panels",
            "custom": {"size": 5},
        }
        return LeadSoldV1(lead=ref(number), **(standard | fields))

    return make


@pytest.fixture
def as_partner(service: ServiceUnderTest) -> dict[str, str]:
    return service.headers("partner", user_id="usr_p", partner_id="ptr_1")


@pytest.fixture
def as_sponsor(service: ServiceUnderTest) -> dict[str, str]:
    return service.headers("sponsor", user_id="usr_s", sponsor_id="spo_1")


class Names:
    """A name server whose answers change: the boundary that the sender asks, in place of the system's."""

    def __init__(self, *answers: list[str]):
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def names_of() -> type[Names]:
    return Names


@pytest.fixture
def held(make_lead: Any, lead_ref: Any) -> Any:
    def make(number: int = 1, after_validation: str = "deliver", **fields: Any) -> Any:
        made = make_lead(number, hold=True, after_validation=after_validation, **fields)
        return type(made)(**{name: getattr(made, name) for name in made.__struct_fields__} | {"lead": lead_ref(number)})

    return make
