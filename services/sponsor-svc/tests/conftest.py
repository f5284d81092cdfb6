"""A sponsor-svc with a database of its own for every test, and words to talk to it."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest
import pytest_asyncio
from contracts.envelope import Trace, decode_envelope, encode
from contracts.event import Event
from contracts.events.values import LeadRef, Person
from messaging.counters import Counters
from messaging.inbox.delivery import DONE, Delivery
from messaging.inbox.processor import Processor
from pydantic import SecretStr
from servicekit.server import Address, serve
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest, make_service_fixture
from sponsor_svc.app import build
from sponsor_svc.settings import Settings


def settings_for(dsn: str) -> Settings:
    return Settings(database_url=SecretStr(dsn), identity_keys=TEST_KEY_SET)


service = make_service_fixture("sponsor_svc", build, settings_for)


_WAITING = """
SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
WHERE d.datname = current_database() AND NOT l.granted
"""


@dataclass(frozen=True)
class Api:
    """Asks as an admin, unless told otherwise, and expects to succeed, unless it is `problem`."""

    service: ServiceUnderTest

    async def create(self, path: str, level: str = "admin", **body: Any) -> dict[str, Any]:
        answer = await self.service.http.post(f"/v1/{path}", json=body, headers=self.service.headers(level))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def patch(self, path: str, level: str = "admin", **body: Any) -> dict[str, Any]:
        answer = await self.service.http.patch(f"/v1/{path}", json=body, headers=self.service.headers(level))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        answer = await self.service.http.get(f"/v1/{path}", headers=headers or self.service.headers("admin"))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def problem(self, method: str, path: str, level: str = "admin", **body: Any) -> str:
        """The status and code of the refusal, e.g. `422 sponsor-required`."""
        headers = self.service.headers(level)
        answer = await self.service.http.request(method, f"/v1/{path}", json=body, headers=headers)
        assert answer.status_code >= 400, answer.text
        return f"{answer.status_code} {answer.json()['code']}"

    async def until(self, ask: Callable[[], Awaitable[Any]], expected: object, seconds: float = 10) -> None:
        """Returns when the answer is as expected, and fails with the last one otherwise."""
        deadline, answer = time.monotonic() + seconds, await ask()
        while answer != expected:
            assert time.monotonic() < deadline, f"{answer} instead of {expected}"
            await asyncio.sleep(0.01)
            answer = await ask()

    async def until_waiting(self, number: int) -> None:
        """Returns when so many wait for a lock in this test's database."""
        await self.until_row(_WAITING, number)

    async def until_row(self, query: str, expected: object) -> None:
        async def ask() -> Any:
            return await self.service.db.pool.fetchval(query)

        await self.until(ask, expected)


@pytest.fixture
def api(service: ServiceUnderTest) -> Api:
    return Api(service)


MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PERSON = Person(first_name="Aino", phone="+358401234567")


@dataclass(frozen=True)
class Events:
    """Events of one lead after another, as the other services tell them."""

    sponsor_id: str | None = "spo_a"
    project_id: str = "prj_a"
    partner_id: str = "ptr_a"
    contact_list_id: str | None = None
    test: bool = False

    def lead(self, number: int = 1) -> LeadRef:
        return LeadRef(
            lead_id=f"lead_{number}",
            partner_id=self.partner_id,
            project_id=self.project_id,
            sponsor_id=self.sponsor_id,
            contact_list_id=self.contact_list_id,
            test=self.test,
        )

    def of(self, event_class: type[Any], lead_number: int = 1, **more: Any) -> Any:
        """An event of the class; what it needs is filled in."""
        known: dict[str, Any] = {
            "lead": self.lead(lead_number),
            "external_id": f"ext {lead_number}",
            "received_at": MORNING,
            "location": "queue",
            "priority": "normal",
            "hold": False,
            "person": PERSON,
            "agent_id": "usr_agent",
            "reason": "duplicate",
            "order_id": "ord_1",
            "disposition_id": "dis_1",
            "disposition": "Not interested",
            "attempt_id": "att_1",
            "outcome": "no answer",
            "contacted": False,
            "number": 1,
            "started_at": MORNING,
            "via": "manual",
            "replacement_id": "lead_r",
            "return_id": "ret_1",
            **more,
        }
        fields = {field.name: field for field in msgspec.structs.fields(event_class)}
        required = {name for name, field in fields.items() if field.required} | set(more)
        return event_class(**{name: known[name] for name in required})


@pytest.fixture
def events() -> type[Events]:
    return Events


def _message_of(event: Event, at: datetime, sequence: int) -> bytes:
    """As it travels, with the time at which it happened."""
    body = encode(event, source="/leadwire/test", sequence=sequence, trace=Trace()).body
    return msgspec.json.encode(msgspec.structs.replace(decode_envelope(body), time=at))


@pytest.fixture
def message_of() -> Callable[[Event, datetime, int], bytes]:
    return _message_of


@dataclass(frozen=True)
class Consumer:
    """Hands messages to the real consumer code, in batches."""

    service: ServiceUnderTest

    async def take(self, bodies: Sequence[bytes], batch: int = 200) -> None:
        (subscription,) = (each for each in self.service.app.subscriptions if each.name == "statistics")
        processor = Processor(self.service.db, subscription, 5, Counters())
        for start in range(0, len(bodies), batch):
            verdicts = await processor.process([Delivery(body) for body in bodies[start : start + batch]])
            assert all(verdict is DONE for verdict in verdicts), verdicts

    async def hear(self, *told: Event, at: datetime = MORNING, sequence: int = 1) -> None:
        await self.take([_message_of(event, at, sequence) for event in told])


@pytest.fixture
def consumer(service: ServiceUnderTest) -> Consumer:
    return Consumer(service)


async def make_sponsor(service: ServiceUnderTest, sponsor_id: str, project_id: str) -> None:
    """Rows with known ids, for events that name them."""
    await service.db.pool.execute(
        "INSERT INTO sponsors (id, name, name_key, status) VALUES ($1, $1, $1, 'active')", sponsor_id
    )
    await service.db.pool.execute(
        """
        INSERT INTO projects (id, name, kind, state, sponsor_id, call_centre_validation, after_validation,
            written_confirmation, region, calling_hours, queue, duplicates, checks)
        VALUES ($1, $1, 'outbound', 'active', $2, false, 'queue', false, 'FI', '{}', '{}', '{}', '{}')
        """,
        project_id,
        sponsor_id,
    )


@pytest_asyncio.fixture(loop_scope="session")
async def two_sponsors(service: ServiceUnderTest) -> None:
    """`spo_a` with `prj_a`, `spo_b` with `prj_b`."""
    await make_sponsor(service, "spo_a", "prj_a")
    await make_sponsor(service, "spo_b", "prj_b")


class Page:
    """What a browser would keep of a stream."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.lines: AsyncIterator[str] = response.aiter_lines()

    async def event(self) -> dict[str, str]:
        """The next event; comments are left out."""
        fields: dict[str, str] = {}
        async for line in self.lines:
            if not line and "data" in fields:
                return fields
            name, _, value = line.partition(": ")
            fields[name] = value
        raise EOFError

    async def counts(self) -> dict[str, Any]:
        event = await self.event()
        assert event["event"] == "statistics"
        return json.loads(event["data"])


@dataclass
class Server:
    """An API process's part of the service: a pool of its own, and no consumer."""

    client: httpx2.AsyncClient
    service: ServiceUnderTest
    stop: asyncio.Event
    serving: asyncio.Task[None]

    def headers(self, level: str, sponsor_id: str | None = None) -> dict[str, str]:
        return self.service.headers(level, sponsor_id=sponsor_id)

    @asynccontextmanager
    async def open(
        self,
        query: str,
        level: str = "admin",
        sponsor_id: str | None = None,
        *,
        more: dict[str, str] | None = None,
        path: str = "statistics",
    ) -> AsyncGenerator[Page]:
        headers = self.headers(level, sponsor_id) | (more or {})
        async with self.client.stream("GET", f"/v1/{path}/stream{query}", headers=headers) as response:
            assert response.status_code == 200
            yield Page(response)

    async def look(self, everybody: asyncio.Barrier, enough: asyncio.Event) -> None:
        async with self.open("?sponsor_id=spo_a") as page:
            await page.counts()
            await everybody.wait()
            await enough.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def api_server(service: ServiceUnderTest) -> AsyncIterator[Server]:
    dsn = service.dsn
    app = await build(Settings(database_url=SecretStr(dsn), identity_keys=TEST_KEY_SET))
    stop, ready = asyncio.Event(), asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(serve(app.http, Address(sockets=[listening]), stop, ready))
        await ready.wait()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        limits = httpx2.Limits(max_connections=100)
        async with httpx2.AsyncClient(base_url=url, limits=limits) as client:
            yield Server(client, service, stop, serving)
        stop.set()
        await serving
    await app.close()
