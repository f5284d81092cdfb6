"""When a call-back is meant. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

FURTHEST: Final = timedelta(days=366)
_CLOCK_SKEW: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Meant:
    """`problem` is why the time cannot be; `time_zone` is the lead's, where all that it may be in agree."""

    at: datetime
    time_zone: str | None
    problem: str | None = None


def meant(at: datetime, zones: Sequence[str], now: datetime) -> Meant:
    """A time without an offset is one on the lead's clock, if all clocks that it may live by show the same."""
    if at.tzinfo is None:
        instants = {at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for zone in zones}
        if len(instants) != 1:
            return Meant(at.replace(tzinfo=UTC), None, "zone-unclear")
        at = instants.pop()
    at = at.astimezone(UTC)
    clocks = {at.astimezone(ZoneInfo(zone)).utcoffset() for zone in zones}
    time_zone = zones[0] if len(clocks) == 1 else None
    if at < now - _CLOCK_SKEW:
        return Meant(at, time_zone, "in-the-past")
    return Meant(at, time_zone, "too-far" if at > now + FURTHEST else None)
