"""N2: webhooks against what the same client does without a ledger, and beside an endpoint that hangs for 30 s."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from contracts.envelope import Trace
from contracts.ids import new_id, new_uuid
from embedded.ports import free_port
from messaging.database import Database
from notify_svc.app import build_webhook_sender
from notify_svc.settings import Settings
from notify_svc.webhook_deliveries.queue_deliveries import NewDelivery, queue_deliveries
from notify_svc.webhook_sending.receiver import Post, Receivers, Timeouts
from notify_svc.webhook_sending.resolving import SystemResolver
from notify_svc.webhook_sending.signing import new_secret, signed_headers
from servicekit.sealing import Sealer
from servicekit.testing import TEST_KEY_SET

from performance.figures import Figure, Run, Target, alternating
from performance.machines import create_service_database, execute, postgres, process

SINK = Path(__file__).with_name("hook_sink.py")
ENDPOINTS = 33
AT_ONCE = 32
SECRET_KEY = "a-key-for-benchmarks-that-is-long-enough"
BODY = {"lead_id": "lead_01kb2v7xq8e9zr4m5n6p7s8t9w", "project_id": "prj_1", "test": False, "sequence": 1}
INSERT_ENDPOINT = """
INSERT INTO webhook_endpoints (id, kind, owner_kind, owner_id, url, event_types, receives_leads)
VALUES ($1, 'webhook', 'partner', 'ptr_1', $2, '{*}', false)
"""
INSERT_SECRET = "INSERT INTO webhook_secrets (id, endpoint_id, sealed) VALUES ($1, $2, $3)"
UNFINISHED = """
SELECT count(*) FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
WHERE d.state <> 'delivered' AND e.url NOT LIKE '%/hang'
"""

EMPTY = (
    "TRUNCATE webhook_attempts, webhook_deliveries, webhook_secrets, outbox",
    "DELETE FROM webhook_endpoints",
)


class Hooks:
    """Endpoints at a sink, and a sender in this process; every measurement begins with an empty ledger."""

    def __init__(self, dsns: tuple[str, str], port: int, count: int) -> None:
        """`dsns`: as the service, and as who may empty its tables."""
        (dsn, self.owners_dsn), self.port, self.count = dsns, port, count
        self.dsn = dsn
        self.settings = Settings.model_validate(
            {
                "database_url": dsn,
                "identity_keys": TEST_KEY_SET,
                "smtp_host": "unused",
                "smtp_from": "leads@centre.example",
                "webhook_secret_key": SECRET_KEY,
                "webhook_addresses": "loopback",
                "webhook_allow_insecure": True,
                "webhook_connections": AT_ONCE,
            }
        )

    async def bare(self) -> dict[str, float]:
        """The client alone: signed, a connection each, as many at once; no ledger."""
        receivers = Receivers(SystemResolver(AT_ONCE), "loopback", None, Timeouts())  # pyright: ignore[reportArgumentType] -- no TLS here
        secret, rest = new_secret(), iter(range(self.count))

        async def post_all() -> None:
            for _ in rest:
                headers = signed_headers(new_id("whd"), '{"a": 1}', [secret], datetime.now(UTC))
                await receivers.post(Post(f"http://127.0.0.1:{self.port}/", headers, b'{"a": 1}'))

        began = time.perf_counter()
        await asyncio.gather(*(post_all() for _ in range(AT_ONCE)))
        return {"rate": self.count / (time.perf_counter() - began)}

    async def alone(self) -> dict[str, float]:
        return await self._sent(hanging=False)

    async def beside_one_that_hangs(self) -> dict[str, float]:
        return await self._sent(hanging=True)

    async def _sent(self, *, hanging: bool) -> dict[str, float]:
        async with self._database() as database:
            await execute(self.owners_dsn, *EMPTY)
            if hanging:
                await self._queue(database, [await self._endpoint(database, "/hang")], 200)
            endpoints = [await self._endpoint(database, f"/{number}") for number in range(ENDPOINTS)]
            await self._queue(database, endpoints, self.count)
            await execute(self.owners_dsn, "VACUUM ANALYZE webhook_deliveries")
            began, cpu = time.perf_counter(), time.process_time()
            sender = asyncio.create_task(build_webhook_sender(self.settings, database).run())
            while await database.pool.fetchval(UNFINISHED):  # noqa: ASYNC110 -- a table has no event
                await asyncio.sleep(0.05)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            sender.cancel()
            with suppress(asyncio.CancelledError):
                await sender
        return {"rate": self.count / seconds, "cpu_us": cpu / self.count * 1e6}

    async def _endpoint(self, database: Database, path: str) -> str:
        endpoint_id = new_id("whe")
        await database.pool.execute(INSERT_ENDPOINT, endpoint_id, f"http://127.0.0.1:{self.port}{path}")
        sealed = Sealer(SECRET_KEY).seal(new_secret(), endpoint_id)
        await database.pool.execute(INSERT_SECRET, new_id("whs"), endpoint_id, sealed)
        return endpoint_id

    @staticmethod
    async def _queue(database: Database, endpoints: list[str], count: int) -> None:
        made = [_delivery(endpoints[number % len(endpoints)]) for number in range(count)]
        for at in range(0, count, 500):
            async with database.unit_of_work() as work:
                await queue_deliveries(work, made[at : at + 500])

    @asynccontextmanager
    async def _database(self) -> AsyncGenerator[Database]:
        database = await Database.connect(self.dsn, source="/leadwire/notify-svc")
        try:
            yield database
        finally:
            await database.close()


def _delivery(endpoint_id: str) -> NewDelivery:
    told: dict[str, Any] = {"cause_type": "intake.lead.accepted.v1", "event_type": "intake.lead.accepted.v1"}
    return NewDelivery(
        endpoint_id=endpoint_id,
        cause_id=new_uuid(),
        purpose="event",
        lead=None,
        at=datetime.now(UTC),
        data=BODY,
        trace=Trace(),
        **told,
    )


async def measure(run: Run) -> list[Figure]:
    port = free_port()
    with postgres() as server, process([str(SINK), str(port)], port):
        hooks = Hooks(await create_service_database(server, "notify_svc"), port, run.pick(4000, 200))
        cases = {"bare": hooks.bare, "alone": hooks.alone, "beside": hooks.beside_one_that_hangs}
        seen = await alternating(run.rounds, cases)
    memory = psutil.Process().memory_info().rss / 2**20
    details = {"endpoints": ENDPOINTS, "CPU µs each": seen["alone"]["cpu_us"], "RSS MiB": memory}
    return [
        Figure(
            case="N2 webhooks",
            product=seen["alone"]["rate"],
            unit="/s",
            limit=seen["bare"]["rate"],
            limit_name="bare client",
            details=details,
        ),
        Figure(
            case="N2 beside one that hangs",
            product=seen["beside"]["rate"],
            unit="/s",
            limit=seen["alone"]["rate"],
            limit_name="without it",
            target=Target(first=0.9, goal=0.9),
        ),
    ]
