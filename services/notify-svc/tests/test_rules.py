"""Pure rules: what replies mean, and when a mail is tried again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notify_svc.sending.addresses import is_sendable, one_line
from notify_svc.sending.rules import LONGEST_BACKOFF, Next, Outcome, Standing, backoff, judge, next_step

FIRST = Standing(attempts=1, lost_replies=0, overdue=False)
OVERDUE = Standing(attempts=40, lost_replies=0, overdue=True)


@pytest.mark.parametrize(
    ("code", "after_data", "event"),
    [
        (250, True, "sent"),
        (451, False, "deferred"),
        (421, True, "deferred"),
        (550, False, "refused"),
        (552, True, "refused"),
        (535, False, "unreachable"),
        (-1, True, "reply-lost"),
        (-1, False, "deferred"),
    ],
)
def test_what_a_reply_means(code: int, after_data: bool, event: str):
    assert judge(code, "words", after_data=after_data).event == event


def test_n5_2_permanent_failures_fail_at_once_and_transient_ones_after_three_days():
    assert next_step(Outcome("refused", 550), FIRST, 0) == Next("failed", reason="smtp-550")
    assert next_step(Outcome("deferred", 451), FIRST, 0.5) == Next("queued", timedelta(minutes=1))
    assert next_step(Outcome("deferred", 451), OVERDUE, 0) == Next("failed", reason="gave-up-smtp-451")
    assert next_step(Outcome("unreachable"), OVERDUE, 0) == Next("failed", reason="gave-up-unreachable")
    assert next_step(Outcome("sent", 250), OVERDUE, 0) == Next("sent")


def test_a_lost_reply_is_resent_once_and_then_left_to_a_person():
    assert next_step(Outcome("reply-lost"), FIRST, 0.5) == Next("unknown", timedelta(minutes=1), "reply-lost")
    again = Standing(attempts=2, lost_replies=1, overdue=False)
    assert next_step(Outcome("reply-lost"), again, 0.5) == Next("unknown", None, "reply-lost")


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 2), (3, 4), (8, 128), (9, 240), (10, 240), (20, 240), (21, 240), (2**31, 240)]
)
def test_n5_2_back_off_doubles_up_to_four_hours_and_is_spread_by_a_half(attempts: int, minutes: int):
    whole = timedelta(minutes=minutes)
    assert [backoff(attempts, jitter) / whole for jitter in (0, 0.5, 1)] == [0.5, 1, 1.5]


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_n5_2_back_off_grows_within_limits(attempts: int, jitter: float):
    wait = backoff(attempts, jitter)
    assert timedelta(seconds=30) <= wait <= LONGEST_BACKOFF * 1.5
    assert wait <= backoff(attempts + 1, jitter)


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nRCPT TO:<x@y.example>",
        "a@b.example\nBcc: x@y.example",
        "a b@c.example",
        "<a@b.example>",
        "a@b.example,c@d.example",
        '"a"@b.example',
        "a@",
        "@b",
        "a",
        "",
        "ä@b.example",
        "a@b..example",
        "a@b.example\0",
        f"{'a' * 65}@b.example",
    ],
)
def test_addresses_that_no_server_gets(address: str):
    assert not is_sendable(address)


@pytest.mark.parametrize("address", ["a@b.example", "first.last+tag@sub.example.org", "x@localhost"])
def test_addresses_that_are_fine(address: str):
    assert is_sendable(address)


@given(st.text())
def test_a_header_is_one_line(text: str):
    line = one_line(text)
    assert len(line) <= 200
    assert not any(c in line for c in "\r\n\0\u2028\u0085")
