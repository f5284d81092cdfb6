import sys
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from unittest.mock import patch
from uuid import UUID

import pytest
from contracts.ids import lowest_id, made_at, new_id, new_uuid
from hypothesis import given
from hypothesis import strategies as st

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


@pytest.fixture
def hurried_threads() -> Iterator[None]:
    """Threads take turns as often as they can, so that an unguarded read and write are torn apart."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-7)
    yield
    sys.setswitchinterval(before)


@contextmanager
def clock(readings: list[int]) -> Generator[None]:
    with patch("contracts.ids.time.time_ns", side_effect=readings), patch("contracts.ids._last", [0]):
        yield


def test_ids_are_uuid_7_of_the_present_moment():
    before = time.time_ns() // 1_000_000
    made = new_uuid()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= after


def test_ids_rise_strictly():
    made = [new_uuid() for _ in range(5_000)]
    assert all(earlier < later for earlier, later in pairwise(made))


@given(st.lists(st.integers(0, 2**62), min_size=2, max_size=30))
def test_ids_rise_even_when_the_clock_stands_still_or_goes_back(readings: list[int]):
    with clock(readings):
        made = [new_uuid() for _ in readings]
    assert all(earlier < later for earlier, later in pairwise(made))
    assert {each.version for each in made} == {7}


@pytest.mark.usefixtures("hurried_threads")
def test_ids_of_many_threads_differ_in_their_time_and_rise_in_each():
    def make(_: int) -> list[UUID]:
        return [new_uuid() for _ in range(3_000)]

    # A clock that stands still leaves nothing but the counter to tell the ids apart.
    still = patch("contracts.ids.time.time_ns", lambda: 10**18)
    with still, patch("contracts.ids._last", [0]), ThreadPoolExecutor(8) as pool:
        by_thread = list(pool.map(make, range(8)))
    times = [each.int >> 64 for ids in by_thread for each in ids]
    assert len(set(times)) == 8 * 3_000
    assert all(earlier < later for ids in by_thread for earlier, later in pairwise(ids))


@given(st.lists(st.integers(0, 2**62), min_size=2, max_size=10))
def test_prefixed_ids_sort_like_the_uuids_they_encode(readings: list[int]):
    with clock(readings):
        made = [new_id("lead") for _ in readings]
    assert made == sorted(made)
    for each in made:
        prefix, _, digits = each.partition("_")
        number = 0
        for digit in digits:
            number = number * 32 + CROCKFORD.index(digit)
        assert (prefix, len(digits), UUID(int=number).version) == ("lead", 26, 7)


def test_ids_made_from_a_time_on_are_not_before_its_first_one():
    before = new_id("lead")
    at = datetime.now(UTC) + timedelta(milliseconds=2)
    first = lowest_id("lead", at)
    assert before < first < lowest_id("lead", at + timedelta(milliseconds=1))
    assert len(first) == len(before)
    assert first <= lowest_id("lead", at)
    assert new_id("lead") < lowest_id("lead", datetime.now(UTC) + timedelta(seconds=60))


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_id_says_when_it_was_made(at: datetime):
    assert made_at(lowest_id("lead", at)) == ("lead", int(at.timestamp() * 1000) / 1000)


def test_what_is_no_id_was_never_made():
    whole = new_id("lead")
    for text in ("", "lead_", "lead_1", "lead_" + "u" * 26, whole[:-1], whole + "0", whole.upper(), whole[5:]):
        assert made_at(text) is None
