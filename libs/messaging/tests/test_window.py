"""What the relay has under way, and where it looks next."""

from datetime import timedelta

import pytest
from contracts.ids import new_uuid
from messaging.outbox.window import BATCH, MOST_BYTES, MOST_ROWS, Scan, Window
from messaging.transport import OutboxRow, Outcome


def row(position: int, size: int = 10) -> OutboxRow:
    return OutboxRow(position, new_uuid(), "t", b"x" * size)


def test_rows_under_way_are_admitted_once_until_they_are_forgotten() -> None:
    window = Window()
    rows = [row(n) for n in range(5)]
    assert window.admit(rows) == rows
    assert window.admit(rows) == []
    window.settled(rows[:2], Outcome.CONFIRMED)
    assert window.admit(rows) == [], "confirmed, but still in the table"
    assert window.outcomes == {Outcome.CONFIRMED: [0, 1]}
    window.forget([0, 1])
    assert window.admit(rows) == rows[:2]


def test_the_window_is_bounded_in_rows() -> None:
    window = Window()
    for at in range(0, MOST_ROWS, BATCH):
        assert window.limit > 0
        window.admit([row(at + n) for n in range(BATCH)])
    assert window.limit == 0


def test_the_window_is_bounded_in_bytes() -> None:
    window = Window()
    position = 0
    while window.limit:
        window.admit([row(position, 1 << 20)])
        position += 1
    assert position << 20 == MOST_BYTES


def test_a_publisher_that_settles_nothing_is_given_up() -> None:
    window = Window()
    window.check(timedelta(0))
    window.admit([row(1)])
    window.check(timedelta(seconds=30))
    window.check(None)
    with pytest.raises(TimeoutError):
        window.check(timedelta(0))


def scan_at(monkeypatch: pytest.MonkeyPatch) -> tuple[Scan, list[float]]:
    now = [100.0]
    monkeypatch.setattr("messaging.outbox.window.time.monotonic", lambda: now[0])
    return Scan(), now


def test_while_rows_stream_reading_goes_on_behind_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    scan, now = scan_at(monkeypatch)
    assert scan.start() == 0
    scan.found([row(n) for n in range(1, 11)], more=True)
    assert scan.start() == 10
    assert not scan.passes_rows_under_way
    scan.found([row(n) for n in range(11, 21)], more=True)
    assert scan.start() == 20
    now[0] += 1.1
    assert scan.start() == 0
    assert scan.passes_rows_under_way


def test_at_rest_reading_starts_at_a_mark_that_is_seconds_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Late commits below the last row are found at once; the very beginning is looked at once a second, not more."""
    scan, now = scan_at(monkeypatch)
    scan.start()
    scan.found([row(n) for n in range(1, 6)], more=False)
    rescans = 0
    starts: set[int] = set()
    for _ in range(30):
        now[0] += 0.2
        rescans += scan.rescan_due
        starts.add(scan.start())
        scan.found([], more=False)
    assert 4 <= rescans <= 6
    assert starts == {0, 5}


def test_a_slow_scan_from_the_beginning_is_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    scan, now = scan_at(monkeypatch)
    scan.start()
    now[0] += 0.5
    scan.found([], more=False)
    now[0] += 9
    assert not scan.rescan_due
    now[0] += 1.1
    assert scan.rescan_due


def test_a_late_commit_below_the_last_row_is_found_at_the_next_read(monkeypatch: pytest.MonkeyPatch) -> None:
    scan, now = scan_at(monkeypatch)
    scan.start()
    scan.found([row(n) for n in range(1, 6)], more=False)
    now[0] += 0.2
    assert scan.start() == 0
    scan.found([], more=False)
    now[0] += 1
    assert scan.rescan_due
    scan.start()
    scan.found([row(n) for n in range(6, 10)], more=False)
    now[0] += 0.2
    assert scan.start() == 5
