"""When a contact list expires: pure rules."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Adding a day and an offset must stay within what a datetime can hold.
LATEST = date(2999, 12, 31)
EARLIEST = date(1970, 1, 1)


def expiry_of(expires_on: date | None, time_zone: str) -> datetime | None:
    """The moment at which the day after `expires_on` begins in the zone, in UTC."""
    if expires_on is None:
        return None
    return datetime.combine(expires_on + timedelta(days=1), time(), ZoneInfo(time_zone)).astimezone(UTC)


def stays_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Whether a list that has expired is still expired under a new date."""
    return expires_at is not None and expires_at <= now
