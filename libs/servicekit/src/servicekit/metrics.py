"""Prometheus metrics. Labels have few values: route templates, never paths; no ids, no names of people."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Final

from messaging.worker import Worker
from prometheus_client import Counter, Gauge, Histogram

Refresh = Callable[[], Awaitable[None]]

REQUESTS: Final = Counter("leadwire_http_requests", "Answered requests", ["service", "method", "route", "status"])
LATENCY: Final = Histogram(
    "leadwire_http_request_seconds",
    "From the request's head to the end of its answer",
    ["service", "route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
_EVENTS: Final = Counter("leadwire_messages", "What the worker did with messages", ["service", "what"])
_DEPTH: Final = Gauge("leadwire_outbox_rows", "Events that wait for the relay", ["service"])
_AGE: Final = Gauge("leadwire_outbox_oldest_seconds", "Age of the oldest event that waits for the relay", ["service"])
_PARKED: Final = Gauge("leadwire_outbox_parked_rows", "Events set aside until they are tried again", ["service"])
_ATTACHED: Final = Gauge("leadwire_consumer_attached", "1 while the queue is consumed", ["service", "queue"])


class WorkerMetrics:
    """Carries what a worker knows into the metrics, when somebody looks."""

    def __init__(self, name: str, worker: Worker) -> None:
        self._name = name
        self._worker = worker
        self._seen: dict[str, int] = {}

    async def refresh(self) -> None:
        for what, count in asdict(self._worker.counters).items():
            _EVENTS.labels(self._name, what).inc(count - self._seen.get(what, 0))
            self._seen[what] = count
        health = await self._worker.health()
        _DEPTH.labels(self._name).set(health.lag.waiting)
        _AGE.labels(self._name).set(health.lag.oldest_seconds)
        _PARKED.labels(self._name).set(health.lag.parked)
        for queue, attached in health.consumers.items():
            _ATTACHED.labels(self._name, queue).set(attached)
