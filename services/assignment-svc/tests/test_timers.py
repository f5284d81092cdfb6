"""One mechanism for everything that happens because a time came: durable, shared by workers, never waited for."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from assignment_svc.timers import store
from assignment_svc.timers.fire import Clock
from assignment_svc.timers.tasks import fire_all, timer_tasks
from messaging.unit_of_work import UnitOfWork
from servicekit.testing import ServiceUnderTest

NOW = timedelta(0)


async def _remind(service: ServiceUnderTest, kind: str, *subjects: str, after: timedelta = NOW) -> None:
    async with service.db.unit_of_work() as work:
        await store.remind(work, kind, subjects, after)


async def test_several_workers_share_what_is_due_and_each_is_fired_once(service: ServiceUnderTest):
    fired: Counter[str] = Counter()

    async def note(_: UnitOfWork, subjects: Sequence[str]) -> None:
        await asyncio.sleep(0)
        fired.update(subjects)

    await _remind(service, "x", *(str(number) for number in range(3000)))
    await _remind(service, "x", "later", after=timedelta(hours=1))
    await asyncio.gather(*(fire_all(service.db, Clock({"x": note})) for _ in range(4)))
    assert len(fired) == 3000
    assert set(fired.values()) == {1}
    assert [row[0] for row in await service.db.pool.fetch("SELECT subject FROM timers")] == ["later"]


async def test_a_worker_that_takes_long_holds_up_no_other(service: ServiceUnderTest):
    begun, done = asyncio.Event(), asyncio.Event()
    fired: list[str] = []

    async def take_long(_: UnitOfWork, __: Sequence[str]) -> None:
        begun.set()
        await done.wait()

    async def note(_: UnitOfWork, subjects: Sequence[str]) -> None:
        fired.extend(subjects)

    clock = Clock({"long": take_long, "quick": note})
    await _remind(service, "long", "one")
    first = asyncio.ensure_future(fire_all(service.db, clock))
    await begun.wait()
    await _remind(service, "quick", "two")
    try:
        async with asyncio.timeout(30):
            await fire_all(service.db, clock)
    finally:
        done.set()
        await first
    assert fired == ["two"]


async def test_a_kind_that_fails_is_put_off_and_keeps_no_other(service: ServiceUnderTest):
    fired: list[str] = []

    async def fail(work: UnitOfWork, _: Sequence[str]) -> None:
        await work.execute("INSERT INTO timers VALUES ('x', 'half', now())")
        raise ValueError

    async def note(_: UnitOfWork, subjects: Sequence[str]) -> None:
        fired.extend(subjects)

    await _remind(service, "bad", "b")
    await _remind(service, "good", "g")
    await fire_all(service.db, Clock({"bad": fail, "good": note}))
    assert fired == ["g"]
    rows = await service.db.pool.fetch("SELECT kind, subject, due_at > now() + interval '50 s' FROM timers")
    assert [tuple(row) for row in rows] == [("bad", "b", True)], "what it did is undone"


async def test_a_worker_that_dies_leaves_what_was_due(service: ServiceUnderTest):
    async def die(_: UnitOfWork, __: Sequence[str]) -> None:
        raise asyncio.CancelledError

    await _remind(service, "x", "one")
    await asyncio.gather(fire_all(service.db, Clock({"x": die})), return_exceptions=True)
    assert await service.db.pool.fetchval("SELECT count(*) FROM timers WHERE due_at <= now()") == 1


async def test_the_clock_wakes_when_the_next_timer_is_due(service: ServiceUnderTest):
    done = asyncio.Event()
    late: list[float] = []

    async def note(work: UnitOfWork, subjects: Sequence[str]) -> None:
        late.append(float(await work.fetchval("SELECT extract(epoch FROM now() - $1::timestamptz)", due)))
        done.set()

    due = await service.db.pool.fetchval("SELECT now() + interval '300 ms'")
    async with service.db.unit_of_work() as work:
        await store.remind_at(work, "x", [("one", due)])
    tasks = [asyncio.ensure_future(run()) for run in timer_tasks(service.db, Clock({"x": note}))]
    async with asyncio.timeout(30):
        await done.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert late[0] >= 0
