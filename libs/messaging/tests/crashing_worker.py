"""A worker in a process of its own: DSN URL [SERVICE]. As beta-svc it dies when it meets the poison."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

from contracts.events.intake import SuppressionAddedV1
from messaging.amqp import AmqpTransport
from messaging.database import Database
from messaging.subscription import Ordering, Received, Subscription, each
from messaging.unit_of_work import UnitOfWork
from messaging.worker import Worker

DELAYS = tuple(timedelta(milliseconds=ms) for ms in (50, 60, 70))


async def die_on_poison(work: UnitOfWork, received: Received[SuppressionAddedV1]) -> None:
    await work.execute(
        "INSERT INTO effects (message_id, subject) VALUES ($1, $2)", received.envelope.id, received.event.subject
    )
    if received.event.suppression_id == "poison":
        os._exit(70)


async def main(dsn: str, url: str, service: str = "beta-svc") -> None:
    database = await Database.connect(dsn, source=f"/leadwire/{service}")
    hears = Subscription(
        name="things", ordering=Ordering.COMMUTATIVE, handlers={SuppressionAddedV1: each(die_on_poison)}, batch=8
    )
    worker = Worker(service, database, [hears] if service == "beta-svc" else [], AmqpTransport(url, delays=DELAYS))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    await worker.run()


asyncio.run(main(*sys.argv[1:]))
