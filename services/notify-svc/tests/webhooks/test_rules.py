"""The rules of sending, without a server."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notify_svc.webhook_sending.attempt import retry_after
from notify_svc.webhook_sending.excerpts import excerpt_of
from notify_svc.webhook_sending.rules import SCHEDULE, Outcome, judge, next_step

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def test_n5_6_the_schedule_is_that_of_the_standard_and_lasts_75_hours():
    assert sum(SCHEDULE, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
    assert len(SCHEDULE) == 9


@given(st.integers(1, 9), st.floats(0, 1))
def test_n5_6_jitter_moves_an_attempt_by_a_tenth_at_most(tries: int, jitter: float):
    step = next_step(Outcome("refused", 500), tries, jitter)
    assert step.state == "retrying"
    assert step.wait is not None
    assert 0.89 * SCHEDULE[tries - 1] <= step.wait <= 1.11 * SCHEDULE[tries - 1]


@given(st.integers(100, 599))
def test_n5_6_only_2xx_is_success(status: int):
    assert (judge(status) == "delivered") == (200 <= status < 300)


def test_n5_6_what_waits_longer_than_the_schedule_waits_as_long_as_it_was_asked_to():
    asked = Outcome("throttled", 429, retry_after=timedelta(hours=3))
    assert next_step(asked, 1, 0.5).wait == timedelta(hours=3)
    assert next_step(Outcome("throttled", 429, retry_after=timedelta(seconds=1)), 2, 0.5).wait == SCHEDULE[1]
    assert next_step(asked, 10, 0.5).state == "exhausted"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120), ("0", 0), ("99999999999999999999", 86400), ("-5", None), ("soon", None), ("", None),
        ("1.5", None), ("\u0661", None), ("Mon, 02 Mar 2026 10:10:00 GMT", 600), ("Mon, 02 Mar 2020 10:10:00 GMT", 0),
        ("Mon, 02 Mar 2099 10:10:00 GMT", 86400), ("Mon, 99 Mar 2026 10:10:00 GMT", None),
    ],
)  # fmt: skip
def test_n5_6_retry_after_is_seconds_or_a_date_and_a_day_at_most(value: str, seconds: int | None):
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after({"retry-after": value}, NOW) == expected


@given(st.binary(max_size=600), st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=5))
def test_n5_6_excerpts_are_short_lines_whatever_comes(answer: bytes, sent: Any):
    excerpt = excerpt_of(answer, sent)
    assert excerpt is None or (len(excerpt) <= 200 and excerpt.isprintable())


@given(st.text(alphabet=st.characters(categories=["L"]), min_size=2, max_size=20))
def test_n5_6_no_word_that_was_sent_is_kept(name: str):
    excerpt = excerpt_of(f"we do not like {name}!".encode(), {"data": {"person": [{"name": name}]}}) or ""
    assert name not in excerpt.replace("…", "")
