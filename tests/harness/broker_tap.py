"""Hears every event of a platform with a real broker, and keeps what is said outside of their data."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from embedded import RabbitServer

from harness.platform import ROOT, Platform

EVENTS = "leadwire.events"


@asynccontextmanager
async def tapped(platform: Platform) -> AsyncGenerator[list[str]]:
    """Routing key, properties, headers and envelope of each event, `data` left out. Empty in embedded mode."""
    heard: list[str] = []
    if platform.mode != "split":
        yield heard
        return
    broker = RabbitServer(Path(platform.data_dir) / "rabbitmq", package_cache=ROOT / ".cache/packages")
    connection = await aio_pika.connect(broker.url())
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(EVENTS, routing_key="#")

        async def hear(message: AbstractIncomingMessage) -> None:
            envelope = json.loads(message.body)
            del envelope["data"]
            heard.append(repr((message.routing_key, message.info(), envelope)))

        await queue.consume(hear, no_ack=True)
        yield heard
