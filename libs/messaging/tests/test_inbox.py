"""The inbox alone: cleaning up, suspects, and what failures are called."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from contracts.envelope import Trace, encode
from messaging.counters import Counters
from messaging.errors import NotYet, PermanentFailure
from messaging.forgetting import forget
from messaging.inbox import store
from messaging.inbox.cleanup import forget_old_entries
from messaging.inbox.delivery import DONE, Dead, Delivery, TryAgain
from messaging.inbox.failures import MAX_WAITS, Failure, classify
from messaging.inbox.processor import CRASHES_ALLOWED, Processor
from messaging.outbox import store as outbox
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

OLD = UUID("00000000-0000-7000-8000-000000000001")


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (PermanentFailure("rule", "value"), Failure("rule", "PermanentFailure", permanent=True)),
        (NotYet("value"), Failure("not-yet", "NotYet", waiting=True)),
        (ValueError("value"), Failure("ValueError", "builtins.ValueError")),
        (asyncpg.UniqueViolationError("value"), Failure("UniqueViolationError", "SQLSTATE 23505")),
        (
            asyncpg.NumericValueOutOfRangeError("value"),
            Failure("NumericValueOutOfRangeError", "SQLSTATE 22003", permanent=True),
        ),
    ],
)
def test_a_failure_is_named_without_values(error: Exception, failure: Failure) -> None:
    assert classify(error) == failure


async def test_old_entries_are_forgotten_and_late_arrivals_are_not(world: Any, h: Any) -> None:
    """30 days: by the id's age and the arrival, so that an old message that was replayed lately stays known."""
    (alpha,) = await world.open({})
    insert = "INSERT INTO inbox (subscription, message_id, received_at) VALUES ($1, $2, now() - $3::interval)"
    recent, late = h.new_uuid(), UUID(int=OLD.int + 1)
    for message_id, age in ((OLD, 31), (recent, 0), (late, 1)):
        await alpha.database.pool.execute(insert, "things", message_id, timedelta(days=age))
    assert await forget_old_entries(alpha.database, ["things"]) == 1
    left = await alpha.database.pool.fetch("SELECT message_id FROM inbox")
    assert {row[0] for row in left} == {recent, late}


def delivery(h: Any, *, attempts: int = 0, waits: int = 0, redeliveries: int = 0) -> Delivery:
    body = encode(h.happened(), source="/t", sequence=1, trace=Trace()).body
    return Delivery(body, attempts=attempts, waits=waits, redeliveries=redeliveries)


async def test_a_suspect_that_passes_leaves_no_trace_and_one_that_crashed_thrice_dies(world: Any, h: Any) -> None:
    (alpha,) = await world.open({})
    processor = Processor(alpha.database, h.hears(), 3, Counters())
    suspect, killer = delivery(h, redeliveries=3), delivery(h, redeliveries=7)
    killer_id = h.id_of(killer.body)
    for _ in range(CRASHES_ALLOWED):
        await store.count_try(alpha.database, "things", killer_id)
    verdicts = await processor.process([suspect, killer, delivery(h)])
    assert verdicts[0] is verdicts[2] is DONE
    assert isinstance(verdicts[1], Dead)
    assert verdicts[1].code == "crash-loop"
    assert await alpha.database.pool.fetchval("SELECT count(*) FROM inbox_suspects") == 0
    assert len(await alpha.effects()) == 2


async def test_waiting_ends_in_the_longer_tiers_and_then_among_the_dead(world: Any, h: Any) -> None:
    async def never(work: UnitOfWork, received: Received[Any]) -> None:
        del work, received
        raise NotYet

    (alpha,) = await world.open({})
    processor = Processor(alpha.database, h.hears(never), 3, Counters())
    verdicts = await processor.process(
        [
            delivery(h),
            delivery(h, waits=MAX_WAITS - 1, attempts=1),
            delivery(h, waits=MAX_WAITS, attempts=1),
            delivery(h, waits=MAX_WAITS, attempts=3),
        ]
    )
    first, last_wait, longer, dead = verdicts
    assert isinstance(first, TryAgain)
    assert (first.tier, first.attempts, first.waits) == (0, 0, 1)
    assert isinstance(last_wait, TryAgain)
    assert (last_wait.tier, last_wait.attempts, last_wait.waits) == (0, 1, MAX_WAITS)
    assert isinstance(longer, TryAgain)
    assert (longer.tier, longer.attempts) == (1, 2)
    assert isinstance(dead, Dead)
    assert dead.code == "not-yet"


async def test_a_full_disk_says_nothing_about_the_message(world: Any, h: Any) -> None:
    """The database answers, but refuses to write for longer than any patience: held, not dead-lettered."""
    refusals = 0

    async def full(work: UnitOfWork, received: Received[Any]) -> None:
        nonlocal refusals
        await h.note_effect(work, received)
        if refusals < 6:
            refusals += 1
            raise asyncpg.DiskFullError("could not extend file")

    (alpha,) = await world.open({})
    processor = Processor(alpha.database, h.hears(full), 3, Counters())
    assert await processor.process([delivery(h)]) == [DONE]
    assert len(await alpha.effects()) == 1


async def test_a_statement_that_always_times_out_does_not_block_its_queue(world: Any, h: Any) -> None:
    async def slow(work: UnitOfWork, received: Received[Any]) -> None:
        del received
        await work.execute("SET LOCAL statement_timeout = '10ms'")
        await work.execute("SELECT pg_sleep(1)")

    (alpha,) = await world.open({})
    processor = Processor(alpha.database, h.hears(slow), 3, Counters())
    (verdict,) = await processor.process([delivery(h)])
    assert isinstance(verdict, TryAgain)


async def test_i2_27_what_the_machinery_keeps_about_a_lead_is_forgotten_with_it(world: Any, h: Any) -> None:
    async def fail(_work: UnitOfWork, _received: Received[Any]) -> None:
        raise PermanentFailure("broken")

    publisher, side = await world.open({"beta-svc": [h.hears(fail)]})
    await world.start()
    await publisher.publish(h.happened("lead_gone"), h.happened("lead_stays"))
    await h.eventually(lambda: h.has_dead(side, 2))
    async with side.database.unit_of_work() as work:
        assert await forget(work, ["lead_gone"]) == {"dead_letters": 1, "delayed_messages": 0, "outbox": 0}
    assert [row["subject"] for row in await side.dead()] == ["lead_stays"]
    # What was on its way meanwhile, and dies now, is not kept either.
    await publisher.publish(h.happened("lead_gone"), h.happened("lead_late"))
    await h.eventually(lambda: h.has_dead(side, 2))
    assert sorted([row["subject"] for row in await side.dead()]) == ["lead_late", "lead_stays"]


async def test_i2_27_what_cannot_be_published_is_not_kept_when_it_was_forgotten(world: Any, h: Any) -> None:
    (alpha,) = await world.open({})
    await alpha.publish(h.happened("lead_gone"), h.happened("lead_stays"))
    async with alpha.database.unit_of_work() as work:
        await forget(work, ["lead_gone"])
        # They were on their way, and are left: what cannot be sent after all waits for a person.
        assert await work.execute("UPDATE outbox SET parked_at = now()") == "UPDATE 2"
        await outbox.bury(work.connection, "alpha-svc.outbox")
    assert [row["subject"] for row in await alpha.dead()] == ["lead_stays"]
    assert await alpha.database.pool.fetchval("SELECT count(*) FROM outbox") == 0
