"""A worker is killed, or stopped past its lease, in the middle of a file: every row exactly once (I2.19)."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx2
import pytest
from lead_intake_svc.testing import World, bearer, environment_for

ROWS = 6000
WORKER = """
import uvloop
from lead_intake_svc.app import build
from lead_intake_svc.settings import Settings

async def main():
    app = await build(Settings())
    await app.http.state.importer.run()

uvloop.run(main())
"""


@dataclass
class Workers:
    """Real processes that do nothing but imports."""

    dsn: str
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list["subprocess.Popen[bytes]"])

    def start(self) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, **environment_for(self.dsn)}
        self.processes.append(subprocess.Popen([sys.executable, "-c", WORKER], env=environment))
        return self.processes[-1]


@pytest.fixture
async def workers(world: World) -> AsyncIterator[Workers]:
    workers = Workers(world.service.dsn)
    yield workers
    for process in workers.processes:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()


async def _sent(world: World) -> str:
    lines = (f"040{1000000 + n};Maija{n % 50};m{n}@example.com\n" for n in range(ROWS))
    content = "puhelin;etunimi;email\n" + "".join(lines)
    sent: httpx2.Response = await world.http.post(
        "/v1/imports",
        data={"project_id": "prj_a"},
        files={"file": ("a.csv", content.encode())},
        headers=bearer(world.key),
    )
    return str(sent.json()["id"])


async def _done(world: World, at_least: int) -> int:
    """Returns when so many rows are committed."""
    async with asyncio.timeout(120):
        while True:
            (row,) = await world.rows("SELECT rows_done, state FROM imports")
            if row["rows_done"] >= at_least and (at_least < ROWS or row["state"] == "completed"):
                return int(row["rows_done"])
            await asyncio.sleep(0.01)


async def _expire(world: World) -> None:
    """As if a minute had passed."""
    await world.rows("UPDATE imports SET leased_until = now() - interval '1 second' RETURNING 1")


async def _every_row_exactly_once(world: World) -> None:
    (row,) = await world.rows("SELECT state, rows_done, rows_total, results FROM imports")
    assert dict(row) == {
        "state": "completed",
        "rows_done": ROWS,
        "rows_total": ROWS,
        "results": {"accepted": ROWS},
    }
    lines = await world.rows("SELECT line FROM import_rows ORDER BY line")
    assert [line["line"] for line in lines] == list(range(2, ROWS + 2))
    assert await world.count("leads") == ROWS
    told = await world.rows("SELECT subject FROM outbox WHERE type = 'intake.lead.accepted.v1'")
    leads = await world.rows("SELECT id FROM leads")
    assert sorted(row["subject"] for row in told) == sorted(row["id"] for row in leads)
    completed = await world.rows("SELECT 1 FROM outbox WHERE type = 'intake.import.completed.v1'")
    assert len(completed) == 1


async def test_i2_19_after_kill_9_another_worker_goes_on_and_every_row_is_there_once(world: World, workers: Workers):
    await _sent(world)
    for _ in range(3):
        begun = (await world.rows("SELECT rows_done FROM imports"))[0]["rows_done"]
        victim = workers.start()
        done = await _done(world, begun + 1)
        victim.kill()
        victim.wait()
        assert done < ROWS
        await _expire(world)
    workers.start()
    await _done(world, ROWS)
    await _every_row_exactly_once(world)


async def test_i2_19_a_worker_that_slept_past_its_lease_changes_nothing_any_more(world: World, workers: Workers):
    await _sent(world)
    sleeper = workers.start()
    await _done(world, 1)
    sleeper.send_signal(signal.SIGSTOP)
    # What it has begun may hold locks, as the transaction of a stopped process does.
    await world.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND xact_start IS NOT NULL AND datname = current_database()"
    )
    await _expire(world)
    workers.start()
    await _done(world, ROWS)
    sleeper.send_signal(signal.SIGCONT)
    await _every_row_exactly_once(world)
