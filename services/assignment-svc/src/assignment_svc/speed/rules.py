"""The clock: how much legal calling time has passed, and when so much of it will have. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from assignment_svc.queue.windows import Week, answer_at, next_open

# Beyond this nobody waits for a first call; it bounds the walk over quarters of an hour.
LONGEST: Final = timedelta(days=60)
A_MOMENT: Final = timedelta(microseconds=1)


def elapsed(week: Week, zones: Sequence[str], start: datetime, end: datetime) -> timedelta:
    """The time from `start` to `end` in which calling was allowed."""
    passed, instant = timedelta(0), start
    end = min(end, start + LONGEST)
    while instant < end:
        answer = answer_at(week, zones, instant)
        if answer.open:
            until = min(answer.until, end)
            passed += until - instant
            instant = until
            continue
        opens = next_open(week, zones, instant)
        if opens is None:
            break
        instant = opens
    return passed


def reached_at(week: Week, zones: Sequence[str], start: datetime, target: timedelta) -> datetime | None:
    """When the clock, started at `start`, shows `target`; None when it never does, as far as anybody can see."""
    left, instant = target, start
    while instant < start + LONGEST:
        opens = next_open(week, zones, instant)
        if opens is None:
            return None
        answer = answer_at(week, zones, opens)
        room = answer.until - opens
        if room >= left:
            return opens + left
        left -= room
        instant = answer.until
    return None
