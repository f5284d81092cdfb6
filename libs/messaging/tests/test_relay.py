"""The relay: order, leases, refusals and backlogs."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aio_pika
import asyncpg
import pytest
from aio_pika.abc import AbstractQueue
from contracts.envelope import Trace, encode
from messaging import dead_letters
from messaging.amqp import names
from messaging.amqp.topology import declare_topology
from messaging.dead_letters import Choice
from messaging.outbox import store
from messaging.outbox.lease import Lease, LeaseLost
from messaging.unit_of_work import INSERT_OUTBOX
from messaging.wake import CHANNEL, RelayWaker
from messaging.worker import Worker

BACKLOG_RELAY = Path(__file__).parent / "backlog_relay.py"


async def queue_length(url: str, queue: str) -> int:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        declared = await channel.declare_queue(queue, passive=True)
        return declared.declaration_result.message_count or 0


async def insert_raw(side: Any, event_type: str, body: bytes, h: Any) -> None:
    await side.database.pool.execute(INSERT_OUTBOX, [h.new_uuid()], [event_type], ["s"], [body])


async def test_a_row_that_commits_late_below_others_is_sent(world: Any, h: Any) -> None:
    """Commits do not happen in the order of the positions."""
    alpha, beta = await world.open({"beta-svc": [h.hears()]})
    await world.start()
    async with alpha.database.unit_of_work() as late:
        late.publish(h.happened("late"), sequence=1)
        await late.flush()
        await asyncio.create_task(alpha.publish(*[h.happened(f"s{n}") for n in range(700)]))
        await h.eventually(lambda: h.has(beta, 700))
    began = asyncio.get_running_loop().time()
    await h.eventually(lambda: h.has(beta, 701))
    assert asyncio.get_running_loop().time() - began < 3


async def test_events_of_a_subject_arrive_in_order(world: Any, h: Any) -> None:
    alpha, beta = await world.open({"beta-svc": [h.hears(batch=7)]})
    await world.start()
    ids = [identity for _ in range(60) for identity in await alpha.publish(*[h.happened("one")] * 20)]
    await h.eventually(lambda: h.has(beta, len(ids)))
    assert await beta.effects() == ids


async def test_one_of_two_relays_leads_and_the_other_takes_over(world: Any, h: Any) -> None:
    alpha, beta = await world.open({"beta-svc": [h.hears()]})
    first, consumer = await world.start()
    second = Worker("alpha-svc", alpha.database, [], world.make_transport() if world.url else first._transport)
    ids = await alpha.publish(h.happened())
    await h.eventually(lambda: h.has(beta, 1))
    world.running[second] = asyncio.create_task(second.run())
    assert (await first.health()).leading
    first.stop()
    await world.running.pop(first)

    async def leads() -> bool:
        return (await second.health()).leading

    await h.eventually(leads)
    ids += await alpha.publish(h.happened())
    await h.eventually(lambda: h.has(beta, 2))
    assert await beta.effects() == ids
    assert (await consumer.health()).consumers == {"beta-svc.things": True}


async def test_a_lease_is_taken_once_and_lost_when_it_runs_out(world: Any, h: Any) -> None:
    (alpha,) = await world.open({})
    short = h.timedelta(milliseconds=400)
    lease = await Lease.take(alpha.database, short)
    assert lease is not None
    assert await Lease.take(alpha.database, short) is None
    lease.check()
    await asyncio.sleep(0.45)
    with pytest.raises(LeaseLost):
        lease.check()
    successor = await Lease.take(alpha.database, short)
    assert successor is not None
    assert successor.token == lease.token + 1
    assert not await store.renew_lease(alpha.database, lease.token, short)
    await lease.give_up()
    assert await Lease.take(alpha.database, short) is None, "a stale holder must not give up its successor's lease"
    await successor.give_up()
    assert await Lease.take(alpha.database, short) is not None


async def test_a_lease_from_the_future_does_not_stop_the_relay(world: Any, h: Any) -> None:
    """The clock was set back by an hour after the lease was written, and its holder is gone."""
    alpha, beta = await world.open({"beta-svc": [h.hears()]})
    await alpha.database.pool.execute("UPDATE relay_lease SET expires_at = now() + interval '1 hour'")
    await world.start()
    await alpha.publish(h.happened())
    await h.eventually(lambda: h.has(beta, 1), 5)


async def test_a_full_queue_keeps_the_rows_and_the_rest_flows(
    amqp_world: Any, h: Any, small_queue: AbstractQueue
) -> None:
    """reject-publish: refused rows stay in the outbox, other types are not held up, and all arrive in the end."""
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    (worker, consumer) = await amqp_world.start()
    sent: set[str] = set()

    async def refuses() -> bool:
        sent.update(str(identity) for identity in await alpha.publish(h.removed(f"r{len(sent)}")))
        return worker.counters.refused > 0

    await h.eventually(refuses)
    ids = await alpha.publish(*[h.happened(f"s{n}") for n in range(20)])
    await h.eventually(lambda: h.has(beta, 20))
    assert sorted(await beta.effects()) == sorted(ids)
    assert await alpha.outbox() > 0
    got: set[str] = set()

    async def emptied() -> bool:
        message = await small_queue.get(fail=False, no_ack=True)
        if message is not None:
            got.add(str(message.message_id))
        return got == sent and not await alpha.outbox()

    await h.eventually(emptied, 60)
    assert consumer.counters.dead_lettered == 0


async def test_an_unknown_type_is_kept_where_a_person_sees_it(amqp_world: Any, h: Any) -> None:
    (alpha,) = await amqp_world.open({})
    await amqp_world.start()
    before = await queue_length(amqp_world.url, names.UNROUTABLE)
    await insert_raw(alpha, "intake.nobody.knows.v1", b"{}", h)
    await h.eventually(lambda: h.is_empty(alpha))
    assert await queue_length(amqp_world.url, names.UNROUTABLE) == before + 1


async def test_a_returned_message_does_not_count_as_published(amqp_world: Any, h: Any) -> None:
    """Nothing takes it, not even the alternate exchange's queue: the row is parked, and others pass."""
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    connection = await aio_pika.connect(amqp_world.url)
    async with connection:
        channel = await connection.channel()
        await channel.queue_delete(names.UNROUTABLE)
        await amqp_world.start()
        await insert_raw(alpha, "intake.nobody.knows.v1", b"{}", h)
        ids = await alpha.publish(*[h.happened(f"s{n}") for n in range(10)])
        await h.eventually(lambda: h.has(beta, 10))
        assert sorted(await beta.effects()) == sorted(ids)

        await h.eventually(lambda: h.has_dead(alpha, 1), 40)
        (letter,) = await alpha.dead()
        assert (letter["queue"], letter["failure"], letter["detail"], letter["attempts"]) == (
            "alpha-svc.outbox",
            "unpublishable",
            "no queue took it",
            5,
        )
        assert await alpha.outbox() == 0
        await declare_topology(amqp_world.url, {"alpha-svc": [], "beta-svc": beta.subscriptions}, delays=h.DELAYS)
        async with alpha.database.unit_of_work() as work:
            assert await dead_letters.replay(work, Choice(failure="unpublishable"), by="usr_1") == 1
        await h.eventually(lambda: h.is_empty(alpha))
        assert await queue_length(amqp_world.url, names.UNROUTABLE) == 1


async def test_a_body_that_cannot_be_sent_is_parked_and_the_rest_flows(amqp_world: Any, h: Any) -> None:
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    await insert_raw(alpha, h.happened().type, b"x" * ((16 << 20) + 1), h)
    await insert_raw(alpha, "t" * 300, b"{}", h)
    ids = await alpha.publish(h.happened(value="large" * 100_000), h.happened())
    await amqp_world.start()
    await h.eventually(lambda: h.has(beta, 2))
    assert sorted(await beta.effects()) == sorted(ids)

    await h.eventually(lambda: h.has_dead(alpha, 2), 40)
    assert {letter["detail"] for letter in await alpha.dead()} == {"it cannot be sent at all, e.g. it is too large"}
    assert await alpha.outbox() == 0


async def test_large_bodies_are_read_a_few_at_a_time(world: Any, h: Any) -> None:
    """500 rows of 1 MiB would be half a gigabyte; the bodies are cut off by their sum."""
    (alpha,) = await world.open({})
    await alpha.database.pool.execute(
        "INSERT INTO outbox (id, type, subject, body) "
        "SELECT gen_random_uuid(), 't', 's', convert_to(repeat('x', 1 << 20), 'utf8') FROM generate_series(1, 12)"
    )
    async with alpha.database.pool.acquire() as connection:
        rows, more = await store.fetch_unsent(connection, 0, 500, 4 << 20)
        assert (len(rows), more) == (4, True)
        rows, more = await store.fetch_unsent(connection, rows[-1].position, 500, 100 << 20)
        assert (len(rows), more) == (8, False)


async def test_a_relay_in_another_process_is_woken(amqp_world: Any, h: Any) -> None:
    """Commits of a process without a relay reach the consumer far below the polling time."""
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    elsewhere = await h.connect(amqp_world, alpha)
    RelayWaker(elsewhere)
    await amqp_world.start()
    await alpha.publish(h.happened())
    await h.eventually(lambda: h.has(beta, 1))
    taken: list[float] = []
    for n in range(20):
        async with elsewhere.unit_of_work() as work:
            work.publish(h.happened(f"s{n}"), sequence=1)
        began = asyncio.get_running_loop().time()
        while len(await beta.effects()) < n + 2:  # noqa: ASYNC110 -- what it waits for is in the database
            await asyncio.sleep(0.001)
        taken.append(asyncio.get_running_loop().time() - began)
    await elsewhere.close()
    assert sorted(taken)[10] < 0.1, "it was found by polling only"


async def test_a_burst_of_commits_shares_notifications(world: Any, h: Any) -> None:
    (alpha,) = await world.open({})
    listener = await asyncpg.connect(
        world.postgres.dsn(await alpha.database.pool.fetchval("SELECT current_database()"))
    )
    heard: list[object] = []

    def hear(*notification: object) -> None:
        heard.append(notification)

    await listener.add_listener(CHANNEL, hear)
    RelayWaker(alpha.database)
    began = asyncio.get_running_loop().time()
    for _ in range(200):
        await alpha.publish(h.happened())
    seconds = asyncio.get_running_loop().time() - began
    await asyncio.sleep(0.05)
    await listener.close()
    assert 1 <= len(heard) <= seconds / 0.005 + 2


async def test_a_backlog_needs_little_memory_and_does_not_starve_new_rows(amqp_world: Any, h: Any) -> None:
    """200,000 rows: below 300 MiB; a second service's events pass meanwhile, a late row is sent."""
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    message = encode(h.happened(value="x" * 300), source="/t", sequence=1, trace=Trace())
    unheard = h.removed("r").type
    await alpha.database.pool.execute(
        "INSERT INTO outbox (id, type, subject, body) "
        "SELECT gen_random_uuid(), $1, 's', $2 FROM generate_series(1, 200000)",
        unheard,
        message.body,
    )
    dsn = amqp_world.postgres.dsn(str(await alpha.database.pool.fetchval("SELECT current_database()")))
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(BACKLOG_RELAY), dsn, amqp_world.url, stdout=subprocess.PIPE
    )
    (_, consumer) = amqp_world.workers()
    amqp_world.running[consumer] = asyncio.create_task(consumer.run())
    ids = await alpha.publish(*[h.happened(f"s{n}") for n in range(50)])
    output, _ = await asyncio.wait_for(child.communicate(), 200)
    figures = json.loads(output)
    assert figures["peak_mib"] < 300
    assert figures["published"] >= 200_050
    await h.eventually(lambda: h.has(beta, 50))
    assert sorted(await beta.effects()) == sorted(ids)
