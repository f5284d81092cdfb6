"""S0.12: median and p90 of speed-to-lead, from counters that merge by addition."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sponsor_svc.statistics.sketch import LONGEST_SECONDS, RELATIVE_ERROR, bucket_of, quantile, value_of

durations = st.floats(min_value=1.0, max_value=LONGEST_SECONDS)
quantiles = st.floats(min_value=0, max_value=1)


@given(durations)
def test_s0_12_a_bucket_stands_for_its_durations_within_the_stated_error(seconds: float):
    assert math.isclose(value_of(bucket_of(seconds)), seconds, rel_tol=RELATIVE_ERROR * 1.000_001)


@given(st.lists(durations, min_size=1, max_size=200), quantiles)
def test_s0_12_a_quantile_is_within_the_stated_error_of_the_exact_one(seconds: list[float], q: float):
    exact = sorted(seconds)[math.floor(q * (len(seconds) - 1))]
    sketched = quantile(Counter(map(bucket_of, seconds)), q)
    assert sketched is not None
    assert math.isclose(sketched, exact, rel_tol=RELATIVE_ERROR * 1.000_001)


@given(st.lists(durations, max_size=50), st.lists(durations, max_size=50), quantiles)
def test_s0_12_merging_is_adding(one: list[float], other: list[float], q: float):
    merged = Counter(map(bucket_of, one)) + Counter(map(bucket_of, other))
    assert quantile(merged, q) == quantile(Counter(map(bucket_of, one + other)), q)


@pytest.mark.parametrize("seconds", [-3600.0, 0.0, 0.2, 1.0])
def test_what_is_below_a_second_or_before_the_start_counts_as_a_second_at_most(seconds: float):
    assert bucket_of(seconds) == 0
    assert value_of(0) <= 1


def test_without_calls_there_is_no_speed():
    assert quantile({}, 0.5) is None
    assert bucket_of(1e30) == bucket_of(LONGEST_SECONDS)
