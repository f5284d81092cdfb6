"""A3.10: when a call-back is meant."""

from datetime import UTC, datetime, timedelta

from assignment_svc.callbacks.rules import meant


def test_a3_10_a_time_without_an_offset_is_on_the_leads_clock():
    now = datetime(2026, 7, 1, tzinfo=UTC)
    at = datetime(2026, 7, 2, 15, 0)  # noqa: DTZ001
    assert meant(at, ["Europe/Helsinki"], now).at == datetime(2026, 7, 2, 12, 0, tzinfo=UTC)
    winter = meant(datetime(2026, 12, 2, 15, 0), ["Europe/Helsinki"], now)  # noqa: DTZ001
    assert winter.at == datetime(2026, 12, 2, 13, 0, tzinfo=UTC)
    assert meant(at, ["America/New_York", "America/Toronto"], now).problem is None, "the same clock by two names"
    assert meant(at, ["America/New_York", "America/Chicago"], now).problem == "zone-unclear"
    assert meant(at, [], now).problem == "zone-unclear"
    assert meant(now - timedelta(hours=1), ["Europe/Helsinki"], now).problem == "in-the-past"
    assert meant(now + timedelta(days=400), ["Europe/Helsinki"], now).problem == "too-far"
