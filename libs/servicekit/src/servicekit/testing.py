"""A pytest plugin: private PostgreSQL and RabbitMQ servers, and services with a database of their own."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx2
import msgspec
import pytest
import pytest_asyncio
from contracts.envelope import Trace, decode_envelope, decode_event, encode
from contracts.event import Event
from embedded import Guest, NotObtainable, PostgresServer, RabbitServer, ServerFailed
from messaging.amqp.rights import permissions, topic_permissions
from messaging.counters import Counters
from messaging.database import Database
from messaging.inbox.delivery import DONE, Delivery
from messaging.inbox.processor import Processor
from messaging.subscription import Handler, Received
from messaging.transport import RETRY_DELAYS
from messaging.unit_of_work import UnitOfWork

from servicekit.app import App
from servicekit.identity import HEADER, PAGES, Identity, IdentitySigner
from servicekit.keys import generate_signing_key, public_key_set, signer_of
from servicekit.migrations import migrate
from servicekit.roles import Roles

TEST_PRIVATE_KEY: Final = generate_signing_key()
TEST_KEY_SET: Final = public_key_set(TEST_PRIVATE_KEY)
TEST_SIGNER: Final[IdentitySigner] = signer_of(TEST_PRIVATE_KEY)
# These databases live for one test. A clone takes 66 ms instead of 400, beside other work. (Fault tests, which kill
# servers, start their own.)
_DISPOSABLE: Final = ("fsync = off", "full_page_writes = off", "synchronous_commit = off", "autovacuum_naptime = 60")
_SEE_ALL: Final = "SET leadwire.migrating = 'on'"
_PASSWORD: Final = "of the roles of tests"  # noqa: S105 -- of servers that live for a run
Settings = TypeVar("Settings")


@dataclass(frozen=True)
class TestDatabases:
    """Databases on the run's own server, cloned from one migrated template per service."""

    __test__ = False
    server: PostgresServer
    templates: set[str]
    numbers: "count[int]"

    async def clone(self, package: str) -> str:
        """The address of a new database with the package's newest schema, and nothing in it, for the service's role."""
        roles, template = Roles(f"test_{package}"), f"template_{package}"
        name = f"{package}_{next(self.numbers)}"
        admin = await asyncpg.connect(self.server.dsn())
        try:
            if template not in self.templates:
                await roles.provide(self.server.dsn(), template, _PASSWORD)
                migrate(roles.owner_dsn(self.server.dsn(), template), package)
                await roles.grant(self.server.dsn(), template)
                self.templates.add(template)
            await admin.execute(f"CREATE DATABASE {name} OWNER {roles.owner} TEMPLATE {template} STRATEGY FILE_COPY")
            await roles.close_database(admin, name)
        finally:
            await admin.close()
        return roles.login_dsn(self.server.dsn(), name, _PASSWORD)

    def owner_dsn(self, dsn: str) -> str:
        """The same database for the owner of its schema."""
        parts = urlsplit(dsn)
        return Roles(parts.username or "").owner_dsn(self.server.dsn(), parts.path[1:])

    async def drop(self, dsn: str) -> None:
        admin = await asyncpg.connect(self.server.dsn())
        try:
            await admin.execute(f"DROP DATABASE {dsn.rpartition('/')[2]} WITH (FORCE)")
        finally:
            await admin.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test run (with xdist, of this worker)."""
    folder = Path(tempfile.mkdtemp(prefix="leadwire-test-pg-"))
    server = PostgresServer(folder, fast=True)
    try:
        _start(server)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def rabbit_server(pytestconfig: pytest.Config) -> Iterator[RabbitServer]:
    """A RabbitMQ node of this test run (with xdist, of this worker), started by the first test that asks for it."""
    folder = Path(tempfile.mkdtemp(prefix="leadwire-test-mq-"))
    server = RabbitServer(folder, package_cache=pytestconfig.rootpath / ".cache/packages")
    try:
        _start(server)
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def service_url(server: RabbitServer, service: str, context: str, *, queues: str | None = None) -> str:
    """The node's address for a user with the rights that `leadwire migrate` gives to the service's.

    `queues`: a pattern of names, where one user stands for several services.
    """
    own = permissions(service)
    may = {kind: right.replace(service, queues or service) for kind, right in own.items()}
    guest = Guest(service, service, may, topic_permissions(context))
    server.let_in(guest)
    return server.guest_url(guest)


def _start(server: PostgresServer | RabbitServer) -> None:
    try:
        server.start()
    except (ServerFailed, NotObtainable) as error:
        pytest.fail(f"The tests need a server that cannot be started: {error}", pytrace=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def test_databases(postgres_server: PostgresServer) -> TestDatabases:
    admin = await asyncpg.connect(postgres_server.dsn())
    try:
        for setting in _DISPOSABLE:
            await admin.execute(f"ALTER SYSTEM SET {setting}")
        await admin.execute("SELECT pg_reload_conf()")
    finally:
        await admin.close()
    return TestDatabases(postgres_server, set(), count(1))


@dataclass(frozen=True)
class ServiceUnderTest:
    """A built service over a database of its own; no relay and no consumer run."""

    app: App
    http: httpx2.AsyncClient
    dsn: str
    """Of its database, as the service connects."""
    owner_dsn: str
    """The same for the owner of the schema, who may do what the service may not."""

    @property
    def db(self) -> Database:
        return self.app.database

    def headers(  # noqa: PLR0913 -- each is a claim
        self,
        level: str = "admin",
        *,
        user_id: str = "usr_test",
        permissions: Collection[str] = (),
        sponsor_id: str | None = None,
        sponsor_ids: Collection[str] = (),
        partner_id: str | None = None,
        pages: Collection[str] | None = None,
    ) -> dict[str, str]:
        """The signed identity that the gateway would pass on. `pages` None: a sponsor account may open all."""
        sponsors = frozenset(sponsor_ids) | frozenset(filter(None, [sponsor_id]))
        allowed = frozenset(pages) if pages is not None else PAGES if level == "sponsor" else frozenset[str]()
        identity = Identity(user_id, level, frozenset(permissions), sponsors, partner_id, allowed)
        return {HEADER: TEST_SIGNER.sign(identity)}

    async def as_owner(self, *statements: str) -> None:
        """As the owner of the schema, who may do what the service may not."""
        owner = await asyncpg.connect(self.owner_dsn)
        try:
            for statement in (_SEE_ALL, *statements):
                await owner.execute(statement)
        finally:
            await owner.close()

    async def deliver(self, event: Event, sequence: int = 1, message_id: UUID | None = None) -> None:
        """Hands an event to every subscription that wants it, and returns when its effect is committed."""
        message = encode(event, source=f"/leadwire/{event.context}-svc", sequence=sequence, trace=Trace())
        body = message.body
        if message_id is not None:
            body = msgspec.json.encode(msgspec.structs.replace(decode_envelope(body), id=message_id))
        await _deliver(self.app, body)

    async def hear(self, body: bytes) -> None:
        """The same, of a message as another service's outbox holds it."""
        await _deliver(self.app, body)

    async def published(self, *event_classes: type[Event]) -> list[Event]:
        """What the outbox holds, in order; only events of the given classes, if any are given."""
        rows = await self.db.pool.fetch("SELECT body FROM outbox ORDER BY position")
        events = [decode_event(decode_envelope(row["body"])) for row in rows]
        return [event for event in events if not event_classes or isinstance(event, event_classes)]


def make_service_fixture(
    package: str, build: Callable[[Settings], Awaitable[App]], make_settings: Callable[[str], Settings]
) -> Any:
    """A fixture that builds the service anew for every test; `make_settings` is given the database's address."""

    @pytest_asyncio.fixture(loop_scope="session")
    async def service(test_databases: TestDatabases) -> AsyncIterator[ServiceUnderTest]:
        dsn = await test_databases.clone(package)
        app = await build(make_settings(dsn))
        try:
            async with http_client(app) as http:
                yield ServiceUnderTest(app, http, dsn, test_databases.owner_dsn(dsn))
        finally:
            await app.close()
            await test_databases.drop(dsn)

    return service


def http_client(app: App, **options: Any) -> httpx2.AsyncClient:
    """A client of the service's API that needs no port."""
    transport = httpx2.ASGITransport(app=app.http, **options)
    return httpx2.AsyncClient(transport=transport, base_url="http://service")


async def _deliver(app: App, body: bytes) -> None:
    """Through the real consumer; what a handler raised is raised here, too, where a worker would try again later."""
    envelope = decode_envelope(body)
    for subscription in app.subscriptions:
        if envelope.type not in subscription.event_types:
            continue
        raised: list[Exception] = []
        handlers = {event: _recording(handler, raised) for event, handler in subscription.handlers.items()}
        recorded = replace(subscription, handlers=handlers)
        processor = Processor(app.database, recorded, len(RETRY_DELAYS), Counters())
        (verdict,) = await processor.process([Delivery(body)])
        if verdict is not DONE:
            raise raised[-1]


def _recording(handler: Handler, raised: list[Exception]) -> Handler:
    async def handle(work: UnitOfWork, batch: Sequence[Received[Event]]) -> None:
        try:
            await handler(work, batch)
        except Exception as error:
            raised.append(error)
            raise

    return handle
