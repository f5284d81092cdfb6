"""The group commit by itself: neighbours, overload, endless races."""

import asyncio
from typing import Any

import asyncpg
import pytest
from lead_intake_svc.app import build
from lead_intake_svc.intake import group_commit, settle, store
from lead_intake_svc.testing import World, bearer, lead, settings_for
from servicekit.testing import http_client


async def test_a_row_that_cannot_be_stored_does_not_fail_its_neighbours(world: World):
    """A constraint that nobody expected, on one of forty rows that are written together."""
    await world.service.as_owner("ALTER TABLE leads ADD CONSTRAINT surprise CHECK (first_name <> 'Surprise')")
    bodies = [lead(first_name="Surprise" if n == 17 else "Maija") for n in range(40)]
    responses = await asyncio.gather(*(world.push(body) for body in bodies))
    statuses = [response.status_code for response in responses]
    assert statuses[17] == 503
    assert [status for n, status in enumerate(statuses) if n != 17] == [201] * 39
    assert await world.count("leads") == 39


async def test_concurrent_leads_share_commits(world: World, monkeypatch: pytest.MonkeyPatch):
    sizes: list[int] = []
    original = settle.settle

    async def counted(connection: Any, source: str, candidates: Any, *, exclusive: bool) -> Any:
        sizes.append(len(candidates))
        return await original(connection, source, candidates, exclusive=exclusive)

    monkeypatch.setattr(group_commit, "settle", counted)
    responses = await asyncio.gather(*(world.push() for _ in range(100)))
    assert {response.status_code for response in responses} == {201}
    assert sum(sizes) == 100
    assert len(sizes) < 50


async def test_too_many_at_once_are_told_to_come_back(world: World, monkeypatch: pytest.MonkeyPatch):
    crowded = await build(settings_for(world.service.dsn).model_copy(update={"intake_queue": 5}))
    monkeypatch.setattr(group_commit, "FLUSHERS", 0)
    async with http_client(crowded) as http:
        waiting = [
            asyncio.create_task(http.post("/v1/leads", json=lead(), headers=bearer(world.key))) for _ in range(8)
        ]
        done, pending = await asyncio.wait(waiting, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        while len(done) < 3:
            more, pending = await asyncio.wait(pending, timeout=5, return_when=asyncio.FIRST_COMPLETED)
            done |= more
        for task in done:
            assert (task.result().status_code, task.result().json()["code"]) == (503, "overloaded")
            assert task.result().headers["retry-after"] == "1"
        assert len(pending) == 5
        for task in pending:
            task.cancel()
        await asyncio.wait(pending)
    await crowded.close()


async def test_races_that_do_not_end_exclude_the_others(world: World, monkeypatch: pytest.MonkeyPatch):
    """Every look-up is outdated at once by a new suppression: the fifth try holds the suppressions still."""
    original = store.look_up
    tries = 0

    async def outdated(connection: Any, candidates: Any, now: Any) -> Any:
        nonlocal tries
        tries += 1
        known = await original(connection, candidates, now)
        bump = "UPDATE change_counters SET version = version + 1 WHERE name = 'suppressions'"
        try:
            await world.service.db.pool.execute(f"SET lock_timeout = '50ms'; {bump}; RESET lock_timeout")
        except asyncpg.LockNotAvailableError:
            return known
        return known

    monkeypatch.setattr(store, "look_up", outdated)
    assert (await world.push()).status_code == 201
    assert tries == group_commit.OPTIMISTIC_TRIES + 1
