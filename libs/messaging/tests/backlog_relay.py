"""A relay in a process of its own, until the outbox is empty: DSN URL. Prints its peak memory."""

import asyncio
import json
import re
import sys
from pathlib import Path

from messaging.amqp import AmqpTransport
from messaging.database import Database
from messaging.worker import Worker


async def main(dsn: str, url: str) -> None:
    database = await Database.connect(dsn, source="/leadwire/alpha-svc")
    worker = Worker("alpha-svc", database, [], AmqpTransport(url))
    running = asyncio.create_task(worker.run())
    while await database.pool.fetchval("SELECT EXISTS (SELECT FROM outbox)"):  # noqa: ASYNC110 -- it is in the database
        await asyncio.sleep(0.2)
    worker.stop()
    await running
    await database.close()
    sys.stdout.write(json.dumps({"peak_mib": _peak_mib(), "published": worker.counters.published}))


def _peak_mib() -> float:
    """Not ru_maxrss: that remembers the size of the process that forked this one."""
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024


asyncio.run(main(*sys.argv[1:]))
