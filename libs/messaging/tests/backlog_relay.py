"""A relay in a process of its own, until the outbox is empty: DSN URL. Prints its peak memory."""

import asyncio
import json
import resource
import sys

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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"peak_mib": peak, "published": worker.counters.published}))


asyncio.run(main(*sys.argv[1:]))
