"""Waiting for the end, expected or not."""

import asyncio
from collections.abc import Sequence


async def until_stopped(stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Waits for `stop`; raises what ended a task that should have run on."""
    waiting = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {waiting}:
            task.result()
            if not stop.is_set():
                raise RuntimeError(f"{task.get_name()} ended by itself")
    finally:
        waiting.cancel()
