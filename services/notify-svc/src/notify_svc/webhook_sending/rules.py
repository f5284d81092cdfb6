"""What becomes of a delivery after an attempt: pure rules."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

# That of the Standard Webhooks: after the first attempt nine more, the last 75 h 35 min later.
SCHEDULE = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
LONGEST_RETRY_AFTER = timedelta(hours=24)
# A delivery whose sender died is sent again, but not one that kills whoever sends it.
RESENDS_AFTER_LOST_LEASE = 5
ALARM_AFTER_FAILURES = 10

Event = Literal[
    "delivered",
    "refused",
    "redirected",
    "gone",
    "throttled",
    "timeout",
    "unreachable",
    "reply-lost",
    "tls-failed",
    "address-refused",
    "secret-unreadable",
    "released",
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt. `remote_id` is what a buyer's Leadwire calls our lead, `verdict` what it made of it."""

    event: Event
    status: int | None = None
    excerpt: str | None = None
    retry_after: timedelta | None = None
    remote_id: str | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """`wait` None: no further attempt by itself."""

    state: Literal["delivered", "queued", "retrying", "exhausted"]
    wait: timedelta | None = None
    reason: str | None = None


def judge(status: int) -> Event:
    """Only 2xx is success; where a redirection leads to, nobody has checked."""
    if 200 <= status < 300:
        return "delivered"
    if 300 <= status < 400:
        return "redirected"
    if status == 410:
        return "gone"
    return "throttled" if status in {429, 503} else "refused"


def next_step(outcome: Outcome, tries: int, jitter: float) -> Next:
    """`tries` with this one, since it was queued. `jitter` from 0 to 1 spreads the waiting by a tenth either way."""
    match outcome.event:
        case "delivered":
            return Next("delivered")
        case "released":
            return Next("queued", timedelta())
        case "gone":
            return Next("exhausted", reason="gone")
        case _ if tries > len(SCHEDULE):
            return Next("exhausted", reason=name_of(outcome))
        case _:
            wait = SCHEDULE[max(tries, 1) - 1] * (0.9 + 0.2 * jitter)
            return Next("retrying", max(wait, outcome.retry_after or timedelta()), name_of(outcome))


def name_of(outcome: Outcome) -> str:
    return f"status-{outcome.status}" if outcome.status is not None else outcome.event
