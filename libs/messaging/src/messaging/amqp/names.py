"""Names of exchanges, queues and headers: what `migrate` declares and the services use."""

from datetime import timedelta

EVENTS = "leadwire.events"
UNROUTABLE = "unroutable"
UNHEARD = "leadwire.unheard"

# Ours do not begin with "x-": the broker's own headers are left behind when a message is published again.
ATTEMPTS = "leadwire-attempts"
WAITS = "leadwire-waits"
QUEUE = "leadwire-queue"
TYPE = "leadwire-type"
SUBJECT = "leadwire-subject"
FAILURE = "leadwire-failure"
DETAIL = "leadwire-detail"

_UNITS = (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))


def dead_queue(service: str) -> str:
    """Also the name of the fanout exchange in front of it."""
    return f"{service}.dead"


def retry_tier(service: str, delay: timedelta) -> str:
    """Queue of a delay, e.g. `intake.retry.10m`, and the fanout exchange in front of it."""
    milliseconds = milliseconds_of(delay)
    unit, size = next((unit, size) for unit, size in _UNITS if milliseconds % size == 0)
    return f"{service}.retry.{milliseconds // size}{unit}"


def milliseconds_of(delay: timedelta) -> int:
    return delay // timedelta(milliseconds=1)
