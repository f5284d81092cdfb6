"""Server-sent events of the statistics."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from servicekit.server import STOPPING
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from sponsor_svc.statistics.live import LiveStatistics, Viewer
from sponsor_svc.statistics.question import Question

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 15.0
# The page comes back by itself and is authorised afresh: nobody watches long after the rights were taken away.
LONGEST_SECONDS = 300.0
RETRY_MILLISECONDS = 2_000
# A client that takes nothing for so long is dropped; until then only one message waits for it.
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched; who holds the page, so that it is closed with their rights; for how long at most."""

    question: Question
    holders: tuple[str, ...]
    seconds: float = LONGEST_SECONDS


class StatisticsStream(StreamingResponse):
    """Pushes `event: statistics` with the totals whenever they change, and at once unless the client has them."""

    media_type = "text/event-stream"

    def __init__(self, live: LiveStatistics, watch: Watch, last_event_id: str | None) -> None:
        super().__init__((), headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._live = live
        self._watch = watch
        self._last_event_id = last_event_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stopping: asyncio.Event | None = scope.get("extensions", {}).get(STOPPING)
        async with (
            self._live.watching(self._watch.question, self._watch.holders) as viewer,
            asyncio.TaskGroup() as group,
        ):
            watch = group.create_task(_close(viewer, stopping)) if stopping else None
            self.body_iterator = _events(viewer, self._last_event_id, self._watch.seconds)
            await super().__call__(scope, receive, send)
            if watch:
                watch.cancel()

    async def stream_response(self, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            logger.info("a client that was too slow for its stream was dropped")


async def _close(viewer: Viewer, stopping: asyncio.Event) -> None:
    await stopping.wait()
    viewer.close()


async def _events(viewer: Viewer, last_event_id: str | None, seconds: float) -> AsyncGenerator[bytes]:
    yield format_sse_event(retry=RETRY_MILLISECONDS)
    until = time.monotonic() + min(seconds, LONGEST_SECONDS)
    while not viewer.closed and time.monotonic() < until:
        snapshot = await viewer.next(KEEP_ALIVE_SECONDS)
        if snapshot is None:
            yield KEEPALIVE_COMMENT
        elif snapshot.id != last_event_id:
            last_event_id = snapshot.id
            yield format_sse_event(event="statistics", id=snapshot.id, data_str=snapshot.data)
