"""P13: 100,000 timers wait and 1,000 a second are due; one worker fires them, exact to a second."""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import psutil
import uvloop
from assignment_svc.clock import clock_of
from assignment_svc.queue.claims.store import Limits
from assignment_svc.timers.tasks import timer_tasks
from embedded import PostgresServer
from messaging.database import Database

from performance import claim_world
from performance.figures import Figure, Run, Target
from performance.machines import cpu_seconds, create_service_database, postgres

PENDING, A_SECOND = 100_000, 1000
# Cool-downs: the queue's rows are as after a put-back, and each has its reminder.
COOLING = """
WITH numbered AS (
    SELECT lead_id, row_number() OVER (ORDER BY lead_id) AS n FROM queue
), timed AS (
    SELECT lead_id, CASE WHEN n <= {fired} THEN now() + interval '{ahead} s' + n * interval '1 s' / {rate}
        ELSE now() + interval '1 day' END AS due_at FROM numbered
), cooling AS (
    UPDATE queue q SET ready_at = t.due_at FROM timed t WHERE t.lead_id = q.lead_id
)
INSERT INTO timers (kind, subject, due_at) SELECT 'cooled', lead_id, due_at FROM timed
"""
# How late each was: the commit of the transaction that made it callable, by the database's own clock.
WATCH = """
CREATE TABLE IF NOT EXISTS fired (late double precision NOT NULL);
TRUNCATE fired;
CREATE OR REPLACE FUNCTION note_fired() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN INSERT INTO fired VALUES (extract(epoch FROM clock_timestamp() - OLD.ready_at)); RETURN NULL; END $$;
CREATE OR REPLACE TRIGGER fired AFTER UPDATE OF ready_at ON queue FOR EACH ROW
    WHEN (OLD.ready_at IS NOT NULL AND NEW.ready_at IS NULL) EXECUTE FUNCTION note_fired();
"""


async def measure(run: Run) -> list[Figure]:
    with postgres() as server:
        return [await _measure(server, run)]


async def _measure(server: PostgresServer, run: Run) -> Figure:
    service_dsn, dsn = await create_service_database(server, "assignment_svc")
    waiting, seconds = run.pick(PENDING, 5_000), run.pick(20, 3)
    # Setting so many takes some seconds: what is due before they are committed would be late by that.
    ahead = run.pick(20, 3)
    fired = seconds * A_SECOND
    await claim_world.fill(dsn, agents=1, leads=fired + waiting)
    connection: Any = await asyncpg.connect(dsn)
    await connection.execute(WATCH)
    with _worker(service_dsn) as worker:
        await connection.execute(COOLING.format(fired=fired, rate=A_SECOND, ahead=ahead))
        late, cpu = await _watch(connection, worker, fired)
    await connection.close()
    return Figure(
        case=f"P13 {A_SECOND:,} timers a second, {waiting:,} waiting",
        product=late[-1],
        unit="s late at worst",
        target=Target(first=1.0, goal=1.0, at_most=True),
        details={"median s late": statistics.median(late), "worker CPU % of a core": 100 * cpu, "fired": len(late)},
    )


@contextmanager
def _worker(dsn: str) -> Generator[psutil.Process]:
    started = subprocess.Popen([sys.executable, "-m", "performance.timers", dsn])
    try:
        yield psutil.Process(started.pid)
    finally:
        started.terminate()
        started.wait()


async def _watch(connection: Any, worker: psutil.Process, fired: int) -> tuple[list[float], float]:
    """How late each one was, and the share of a core that the worker used from the first to the last."""
    ends = time.monotonic() + fired / A_SECOND * 3 + 90
    await _until(connection, 1, ends)
    before, began = cpu_seconds(worker), time.monotonic()
    await _until(connection, fired, ends)
    share = (cpu_seconds(worker) - before) / (time.monotonic() - began)
    return sorted(row[0] for row in await connection.fetch("SELECT late FROM fired")), share


async def _until(connection: Any, fired: int, ends: float) -> None:
    """Raises RuntimeError when so many are not fired in time."""
    while await connection.fetchval("SELECT count(*) FROM fired") < fired:
        if time.monotonic() > ends:
            raise RuntimeError("timers were lost")
        await asyncio.sleep(0.1 if fired == 1 else 0.5)


async def work(dsn: str) -> None:
    """What a worker of assignment-svc does for timers, and nothing else of it."""
    database = await Database.connect(dsn, source="/leadwire/assignment-svc", max_size=2)
    clock = clock_of(Limits(1000, timedelta(minutes=10)))
    await asyncio.gather(*(task() for task in timer_tasks(database, clock)))


if __name__ == "__main__":
    uvloop.run(work(sys.argv[1]))
