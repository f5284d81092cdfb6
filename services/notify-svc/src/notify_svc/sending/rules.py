"""What becomes of a mail after an attempt: pure rules."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

FIRST_BACKOFF = timedelta(minutes=1)
LONGEST_BACKOFF = timedelta(hours=4)
# A server that cannot be reached says nothing about the mail: it goes soon after the server is back.
FIRST_UNREACHABLE_BACKOFF = timedelta(seconds=5)
LONGEST_UNREACHABLE_BACKOFF = timedelta(minutes=5)
# The server most likely has a mail whose reply was lost, so it gets it once more and then a person decides. Of a mail
# whose sender died nobody knows if it was begun: more chances, but not for one that kills whoever sends it.
RESENDS_AFTER_LOST_REPLY = 1
RESENDS_AFTER_LOST_LEASE = 5

# The server's own or our settings' trouble, although the code is permanent: log-in and encryption.
_CONFIGURATION = {530, 534, 535, 538}

Event = Literal[
    "sent", "deferred", "refused", "reply-lost", "unreachable", "interrupted", "unsendable", "suppressed", "held",
    "released",
]  # fmt: skip
State = Literal["queued", "sent", "unknown", "failed", "suppressed"]

# Enhanced codes that speak of the address itself (RFC 3463, RFC 7505): not of its mailbox being full, nor of us.
_BAD_ADDRESS = re.compile(r"5\.(1\.(1|2|3|6|10)|2\.1)\b")
_ENHANCED = re.compile(r"\s*[245]\.\d{1,3}\.\d{1,3}\b")
_BAD_ADDRESS_CODES = {550, 551, 553}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt. `reply` is for the ledger only: servers repeat addresses in it.

    `at_recipient`: the server refused the address, not the mail. `wait`: how long a held mail waits.
    """

    event: Event
    code: int | None = None
    reply: str = ""
    at_recipient: bool = False
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a claimed mail stands: `attempts` with this one; `overdue` after three days of trying.

    `resend_lost` is its template's policy: whether a mail whose reply was lost goes once more.
    """

    attempts: int
    lost_replies: int
    overdue: bool
    resend_lost: bool = True


@dataclass(frozen=True, slots=True)
class Next:
    """`wait` None: no further attempt by itself. `suppress`: nothing is sent to the address any more."""

    state: State
    wait: timedelta | None = None
    reason: str | None = None
    suppress: bool = False


def judge(code: int, reply: str, *, after_data: bool = False) -> Outcome:
    """What a reply means. One that is none (a code out of range) after DATA leaves open if the server has the mail."""
    if after_data and 200 <= code < 300:
        return Outcome("sent", code, reply)
    if code in _CONFIGURATION:
        return Outcome("unreachable", code, reply)
    if 500 <= code < 600:
        return Outcome("refused", code, reply)
    if after_data and not 400 <= code < 500:
        return Outcome("reply-lost", code, reply)
    return Outcome("deferred", code, reply)


def next_step(outcome: Outcome, standing: Standing, jitter: float) -> Next:
    """`jitter` from 0 to 1 spreads attempts, so that many mails do not come back at once."""
    match outcome.event:
        case "sent":
            step = Next("sent")
        case "released":
            step = Next("queued", timedelta())
        case "held":
            step = Next("queued", outcome.wait, outcome.reply)
        case "suppressed":
            step = Next("suppressed", reason=outcome.reply)
        case "refused":
            step = Next("failed", reason=_name(outcome), suppress=condemns_address(outcome))
        case "unsendable":
            step = Next("failed", reason=outcome.reply)
        case "reply-lost":
            again = standing.resend_lost and standing.lost_replies < RESENDS_AFTER_LOST_REPLY
            step = Next("unknown", backoff(standing.attempts, jitter) if again else None, "reply-lost")
        case _ if standing.overdue:
            step = Next("failed", reason=f"gave-up-{_name(outcome)}")
        case _:
            step = Next("queued", _wait(outcome, standing, jitter))
    return step


def _wait(outcome: Outcome, standing: Standing, jitter: float) -> timedelta:
    if outcome.event == "deferred":
        return backoff(standing.attempts, jitter)
    return backoff(standing.attempts, jitter, FIRST_UNREACHABLE_BACKOFF, LONGEST_UNREACHABLE_BACKOFF)


def condemns_address(outcome: Outcome) -> bool:
    """Whether a refusal says that nothing sent to this address will ever arrive."""
    if not outcome.at_recipient or outcome.code is None or not 500 <= outcome.code < 600:
        return False
    if _ENHANCED.match(outcome.reply):
        return _BAD_ADDRESS.match(outcome.reply.lstrip()) is not None
    return outcome.code in _BAD_ADDRESS_CODES


def _name(outcome: Outcome) -> str:
    return f"smtp-{outcome.code}" if outcome.code is not None else outcome.event


def backoff(
    attempts: int, jitter: float, first: timedelta = FIRST_BACKOFF, longest: timedelta = LONGEST_BACKOFF
) -> timedelta:
    """Doubles with each attempt up to `longest`; from half to one and a half of that."""
    whole = longest if attempts > 20 else min(first * 2 ** (max(attempts, 1) - 1), longest)
    return whole * (0.5 + jitter)
