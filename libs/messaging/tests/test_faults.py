"""Killed brokers, databases and processes: nothing is lost, nothing takes effect twice (guarantees 1 and 2)."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from contracts.events.intake import SuppressionAddedV1
from embedded import PostgresServer, RabbitServer
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

CRASHING_WORKER = Path(__file__).parent / "crashing_worker.py"


async def publish_until(side: Any, h: Any, stop: asyncio.Event) -> list[UUID]:
    """Publishes until told to stop; the ids of what was committed, and of what may have been."""
    ids: list[UUID] = []
    number = 0
    while not stop.is_set():
        try:
            async with side.database.unit_of_work() as work:
                new = [work.publish(h.happened(f"s{number + n}"), sequence=1).id for n in range(5)]
            ids += new
        except DATABASE_TROUBLE:
            await asyncio.sleep(0.05)
        number += 5
        await asyncio.sleep(0.005)
    return ids


async def settled(alpha: Any, beta: Any, h: Any, ids: list[UUID]) -> None:
    await h.eventually(lambda: h.has(beta, len(ids)), 60)
    await h.eventually(lambda: h.is_empty(alpha), 30)
    effects = await beta.effects()
    assert len(effects) == len(set(effects)), "an effect happened twice"
    assert set(ids) <= set(effects)
    assert await beta.dead() == []


async def test_a_killed_broker_loses_nothing(amqp_world: Any, h: Any, rabbit_server: RabbitServer) -> None:
    """Kill -9 and restart, twice, while messages are published and consumed."""
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    await asyncio.to_thread(rabbit_server.settle)  # a queue that is new enough goes with the node that is killed
    await amqp_world.start()
    stop = asyncio.Event()
    publishing = asyncio.create_task(publish_until(alpha, h, stop))
    for _ in range(2):
        before = len(await beta.effects())
        await h.eventually(lambda before=before: h.has(beta, before + 200), 60)
        await asyncio.to_thread(rabbit_server.kill)
        await asyncio.to_thread(rabbit_server.start)
    stop.set()
    await settled(alpha, beta, h, await publishing)


async def test_a_killed_database_loses_nothing_and_kills_no_message(
    world: Any, h: Any, postgres_server: PostgresServer
) -> None:
    alpha, beta = await world.open({"beta-svc": [h.hears(batch=10)]})
    await world.start()
    stop = asyncio.Event()
    publishing = asyncio.create_task(publish_until(alpha, h, stop))
    for _ in range(2):
        before = len(await beta.effects())
        await h.eventually(lambda before=before: h.has(beta, before + 200), 60)
        await asyncio.to_thread(postgres_server.kill)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(postgres_server.start)
    stop.set()
    ids = await publishing
    await h.eventually(lambda: answers(beta))
    await settled(alpha, beta, h, ids)


async def answers(side: Any) -> bool:
    with contextlib.suppress(*DATABASE_TROUBLE):
        return await side.database.pool.fetchval("SELECT true")
    return False


async def test_killed_workers_lose_nothing(world: Any, h: Any) -> None:
    """All workers are cut off in the middle of their work again and again."""
    alpha, beta = await world.open({"beta-svc": [h.hears(batch=10)]})
    ids = await alpha.publish(*[h.happened(f"s{n}") for n in range(3000)])
    for _ in range(5):
        await world.start()
        before = len(await beta.effects())
        await h.eventually(lambda before=before: h.has(beta, min(before + 100, 3000)))
        await world.stop(kill=True)
    await world.start()
    await settled(alpha, beta, h, ids)


async def test_a_message_that_kills_the_process_is_dead_and_its_neighbours_are_not(amqp_world: Any, h: Any) -> None:
    """A crash loop: 30 messages share the prefetch with one that ends the process each time."""
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears(batch=8)]})
    ids = await alpha.publish(*[h.happened("poison" if n == 11 else f"s{n}") for n in range(30)])
    (relay, _) = amqp_world.workers()
    amqp_world.running[relay] = asyncio.create_task(relay.run())
    await h.eventually(lambda: h.is_empty(alpha))
    dsn = str(await beta.database.pool.fetchval("SELECT current_database()"))
    starts = 0
    while not await h.has_dead(beta, 1):
        starts += 1
        assert starts < 15, "the crash loop does not end"
        await run_crashing_worker(amqp_world.postgres.dsn(dsn), amqp_world.url, beta)
    await h.eventually(lambda: h.has(beta, 29))
    (letter,) = await beta.dead()
    assert (letter["message_id"], letter["failure"]) == (ids[11], "crash-loop")
    effects = await beta.effects()
    assert sorted(effects) == sorted(set(ids) - {ids[11]})
    assert await beta.database.pool.fetchval("SELECT count(*) FROM inbox_suspects") == 0


async def all_handled(beta: Any) -> bool:
    return bool(await beta.dead()) and len(await beta.effects()) == 29


async def run_crashing_worker(dsn: str, url: str, beta: Any) -> None:
    """Until it crashes, or everything is handled."""
    process = await asyncio.create_subprocess_exec(sys.executable, str(CRASHING_WORKER), dsn, url)
    async with asyncio.timeout(60):
        while process.returncode is None and not await all_handled(beta):  # noqa: ASYNC110 -- another process
            await asyncio.sleep(0.05)
    if process.returncode is None:
        process.terminate()
    assert await process.wait() in (0, 70)


async def test_a_stopped_relay_is_superseded_and_does_no_harm(amqp_world: Any, h: Any) -> None:
    """SIGSTOP past the lease, then SIGCONT: what it sends twice has the same ids."""
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    dsn = amqp_world.postgres.dsn(str(await alpha.database.pool.fetchval("SELECT current_database()")))
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CRASHING_WORKER), dsn, amqp_world.url, "alpha-svc", stdout=subprocess.PIPE
    )
    (_, consumer) = amqp_world.workers()
    amqp_world.running[consumer] = asyncio.create_task(consumer.run())
    try:
        ids = await alpha.publish(*[h.happened(f"s{n}") for n in range(500)])
        await h.eventually(lambda: h.has(beta, 100))
        os.kill(child.pid, signal.SIGSTOP)
        ids += await alpha.publish(*[h.happened(f"t{n}") for n in range(500)])
        (relay, _) = amqp_world.workers()
        amqp_world.running[relay] = asyncio.create_task(relay.run())
        await h.eventually(lambda: h.is_empty(alpha))
        os.kill(child.pid, signal.SIGCONT)
        ids += await alpha.publish(*[h.happened(f"u{n}") for n in range(500)])
        await settled(alpha, beta, h, ids)
        assert child.returncode is None
    finally:
        child.kill()
        await child.wait()


async def test_an_alarm_of_the_broker_stops_publishing_and_loses_nothing(
    amqp_world: Any, h: Any, rabbit_server: RabbitServer
) -> None:
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    await amqp_world.start()
    ids = await alpha.publish(h.happened("first"))
    await h.eventually(lambda: h.has(beta, 1))
    await asyncio.to_thread(rabbit_server.ctl, "set_vm_memory_high_watermark", "0.00001")
    try:
        ids += await alpha.publish(*[h.happened(f"s{n}") for n in range(50)])
        await asyncio.sleep(1)
        assert await alpha.outbox() > 0
    finally:
        await asyncio.to_thread(rabbit_server.ctl, "set_vm_memory_high_watermark", "0.8")
    await settled(alpha, beta, h, ids)


async def test_an_unknown_commit_outcome_is_resolved_by_the_inbox(world: Any, h: Any) -> None:
    """The connection breaks after the commit: the batch is applied again, and has no second effect."""
    broken = 0

    async def break_after(work: UnitOfWork, received: Received[SuppressionAddedV1]) -> None:
        nonlocal broken
        await h.note_effect(work, received)
        if broken < 3:
            broken += 1
            await work.execute("COMMIT")  # as if the server had committed, and the answer was lost
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    alpha, beta = await world.open({"beta-svc": [h.hears(break_after, batch=1)]})
    await world.start()
    ids = await alpha.publish(*[h.happened(f"s{n}") for n in range(5)])
    await settled(alpha, beta, h, ids)
