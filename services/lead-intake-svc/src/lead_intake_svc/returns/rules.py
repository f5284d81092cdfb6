"""When a lead may be sent back, and who may answer (I2.13): pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

PURCHASE, SALE = "purchase", "sale"
STAFF, PARTNER = "staff", "partner"
OPEN = ("requested", "disputed", "lapsed")
# What a lead has become beyond its work; each keeps it from being sent back.
_IN_THE_WAY = {
    "return_hold": ("return-open", "A return of the lead is open already."),
    "returned": ("lead-returned", "The lead has been returned already."),
    "sold": ("lead-sold", "The lead was sold."),
    "erased": ("lead-erased", "The lead was erased."),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed with the partner that the lead would go back to. `rate` is a percentage, None without limit."""

    may_trade: bool
    reasons: Collection[str]
    window: timedelta
    answer_within: timedelta
    on_no_answer: str
    rate: float | None = None
    rate_window: timedelta = timedelta(days=30)
    rate_blocks: bool = False


@dataclass(frozen=True, slots=True)
class Goods:
    """The lead as far as sending it back is concerned; `since` is when it was accepted, or sold."""

    since: datetime
    intake_status: str
    own_state: str | None
    work_state: str | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """What came and what went back inside the partner's rate window."""

    received: int
    returned: int


def refusal(goods: Goods, terms: Terms, reason: str, now: datetime) -> Refusal | None:
    """Why the lead cannot be sent back; None if it can."""
    if goods.intake_status != "accepted":
        return Refusal("lead-not-accepted", "Only accepted leads can be returned.")
    if goods.own_state is not None:
        return Refusal(*_IN_THE_WAY[goods.own_state])
    if not terms.may_trade:
        return Refusal("partner-does-not-trade", "The partner company does not trade leads with us.")
    if goods.work_state == "converted":
        return Refusal("lead-converted", "The lead was converted.")
    if now - goods.since > terms.window:
        return Refusal("return-window-over", "The lead is too old to be returned.")
    known = reason in terms.reasons
    return None if known else Refusal("return-reason-unknown", "The reason is not on the partner's list.")


def exceeds_rate(terms: Terms, traffic: Traffic) -> bool:
    """Whether one more return brings the partner's rate over its maximum."""
    return terms.rate is not None and (traffic.returned + 1) * 100 > terms.rate * traffic.received


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the machine: from which states, and who may take it."""

    sources: tuple[str, ...]
    target: str
    staff: Mapping[str, bool]
    partner_from: Mapping[str, tuple[str, ...]]


# Sending back what we bought, the partner answers, and we decide what is disputed; staff may write down an answer
# that came by telephone. Sending back what we sold, the buyer asks and disputes, and we answer.
STEPS: Mapping[str, Step] = {
    "accept": Step(OPEN, "accepted", {PURCHASE: True, SALE: True}, {PURCHASE: OPEN, SALE: ()}),
    "decline": Step(OPEN, "declined", {PURCHASE: True, SALE: True}, {PURCHASE: ("requested",), SALE: ()}),
    "dispute": Step(("declined",), "disputed", {PURCHASE: True, SALE: False}, {PURCHASE: (), SALE: ("declined",)}),
}


def step_refusal(step: Step, kind: str, state: str, role: str) -> Refusal | None:
    if state not in step.sources:
        return Refusal("return-not-open", f"The return is {state}.")
    allowed = step.staff[kind] if role == STAFF else state in step.partner_from[kind]
    return None if allowed else Refusal("return-not-yours", "Somebody else has to decide this now.")


def dispute_refusal(disputed_before: bool, answered_at: datetime, terms: Terms, now: datetime) -> Refusal | None:
    """A decline can be disputed once, as long as an answer would have taken."""
    if disputed_before:
        return Refusal("return-final", "The dispute has been decided.")
    if now - answered_at > terms.answer_within:
        return Refusal("return-final", "It is too late to dispute this.")
    return None
