"""Quiet hours: pure rules."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Times are the wall clock's of `time_zone`; quiet hours may go over midnight. `digest` None: as others say."""

    time_zone: str = "UTC"
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest: str | None = None
    digest_at: time = time(7)


NO_PREFERENCES = Preferences()


def quiet_until(wishes: Preferences, now: datetime) -> datetime | None:
    """When the quiet hours that `now` is in are over; None outside of them."""
    begins, ends = wishes.quiet_from, wishes.quiet_until
    if begins is None or ends is None or begins == ends:
        return None
    local = now.astimezone(ZoneInfo(wishes.time_zone))
    clock = local.time()
    inside = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    if not inside:
        return None
    return next_at(ends, local)


def next_at(clock: time, local: datetime) -> datetime:
    """The next time after `local` that its wall clock shows `clock`; one that is skipped comes an hour later.

    Where clocks were just set back, it may come for the second time in this hour.
    """
    at = datetime.combine(local.date(), clock, local.tzinfo).replace(fold=local.fold)
    if at.timestamp() <= local.timestamp():
        at = (at.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=local.tzinfo)
    return datetime.fromtimestamp(at.timestamp(), local.tzinfo)
