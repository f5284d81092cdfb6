"""When a digest goes: pure rules."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from notify_svc.recipients.preferences import Preferences, next_at


def next_due(wishes: Preferences, now: datetime) -> datetime:
    """The end of the period that `now` is in: the next full hour, or the next `digest_at` on the recipient's clock."""
    if wishes.digest == "hourly":
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return next_at(wishes.digest_at, now.astimezone(ZoneInfo(wishes.time_zone)))


def period_words(mode: str, due_at: datetime) -> str:
    """What a digest says about when it is for, e.g. `2026-03-02 09:00 to 10:00 UTC`."""
    if mode == "hourly":
        began = due_at - timedelta(hours=1)
        return f"{began:%Y-%m-%d %H:%M} to {due_at:%H:%M} UTC"
    began = due_at - timedelta(days=1)
    return f"{began:%Y-%m-%d %H:%M} to {due_at:%Y-%m-%d %H:%M} UTC"
