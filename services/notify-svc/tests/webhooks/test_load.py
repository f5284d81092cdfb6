"""N5.6 under load: many deliveries, a fifth of whose first attempts fail for a while, all reach a final state.

`LEADWIRE_LOAD_DELIVERIES=50000 python -m pytest services/notify-svc/tests/webhooks/test_load.py
--log-cli-level=INFO` is the long run, and tells its figures; the ordinary suite takes 300.
"""

import asyncio
import gc
import logging
import os
import time
from collections import deque
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest
from contracts.envelope import Trace
from contracts.ids import new_uuid
from notify_svc.webhook_deliveries.queue_deliveries import NewDelivery, queue_deliveries
from servicekit.testing import ServiceUnderTest

logger = logging.getLogger(__name__)
DELIVERIES = int(os.environ.get("LEADWIRE_LOAD_DELIVERIES", "300"))
ENDPOINTS = 25
PORTION = 500
MOST_GROWTH = 48 * 2**20
# Those that the sender has are left alone: their time is their lease.
RETRIES_ARE_DUE = """
UPDATE webhook_deliveries SET next_attempt_at = now()
WHERE id IN (
    SELECT id FROM webhook_deliveries WHERE state = 'retrying' AND next_attempt_at > now() FOR UPDATE SKIP LOCKED
)
"""


def _resident() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


async def _queue(service: ServiceUnderTest, endpoints: list[str]) -> None:
    for first in range(0, DELIVERIES, PORTION):
        async with service.db.unit_of_work() as work:
            deliveries = [
                NewDelivery(
                    endpoint_id=endpoints[number % len(endpoints)],
                    cause_id=new_uuid(),
                    cause_type="intake.lead.accepted.v1",
                    event_type="intake.lead.accepted.v1",
                    purpose="event",
                    lead=None,
                    at=datetime.now(UTC),
                    data={"lead_id": f"lead_{number}"},
                    trace=Trace(),
                )
                for number in range(first, min(first + PORTION, DELIVERIES))
            ]
            await queue_deliveries(work, deliveries)


@pytest.mark.timeout(300 + DELIVERIES / 10)
async def test_n5_6_with_a_fifth_of_attempts_failing_all_are_delivered_and_memory_stays_flat(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any
):
    """Retries are due at once here. Memory is that of sender and sink together, from the first tenth to the end."""
    seen = 0

    async def answer(_: Any, __: Any) -> bytes:
        nonlocal seen
        seen += 1
        return hook_sink.reply(503 if seen % 5 == 0 else 204)

    hook_sink.answer = answer
    hook_sink.posts = deque(maxlen=10)
    made = [await hooks.endpoint(hook_sink.url(f"/{number}"), event_types=[]) for number in range(ENDPOINTS)]
    await _queue(service, [endpoint["id"] for endpoint in made])
    began = time.monotonic()
    early: int | None = None
    async with hooks.running(hooks.sender()):
        while (done := await _delivered(service)) < DELIVERIES:
            await service.db.pool.execute(RETRIES_ARE_DUE)
            early = early or (_resident() if done >= DELIVERIES / 10 else None)
            await asyncio.sleep(0.2)
    seconds = time.monotonic() - began
    grown = _resident() - (early or _resident())
    states = {row["state"] for row in await service.db.pool.fetch("SELECT DISTINCT state FROM webhook_deliveries")}
    logger.info("%.0f deliveries/s, %d attempts, %+.1f MiB", DELIVERIES / seconds, seen, grown / 2**20)
    assert states == {"delivered"}
    assert seen >= DELIVERIES * 1.2
    assert grown < MOST_GROWTH


async def _delivered(service: ServiceUnderTest) -> int:
    return await service.db.pool.fetchval("SELECT count(*) FROM webhook_deliveries WHERE state = 'delivered'")
