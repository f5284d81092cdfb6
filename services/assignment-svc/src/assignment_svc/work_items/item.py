"""A work item, and the words for its states. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

PENDING: Final = "pending"
QUEUED: Final = "queued"
CLAIMED: Final = "claimed"
HELD: Final = "held"
CONVERTED: Final = "converted"
RESOLVED: Final = "resolved"
INVALID: Final = "invalid"
SUPPRESSED: Final = "suppressed"
EXPIRED: Final = "expired"
CALLBACK: Final = "callback"
OFFER_SENT: Final = "offer_sent"
RETURN_HOLD: Final = "return_hold"
RETURNED: Final = "returned"
SOLD: Final = "sold"
ERASED: Final = "erased"

# fmt: off
State = Literal[
    "pending", "queued", "claimed", "held", "converted", "resolved", "invalid", "suppressed", "expired",
    "callback", "offer_sent", "return_hold", "returned", "sold", "erased",
]
# fmt: on

OPEN: Final = frozenset({HELD, PENDING, QUEUED, CLAIMED, CALLBACK, OFFER_SENT})
# An agent is on it, now or later.
WORKED_ON: Final = frozenset({CLAIMED, CALLBACK, OFFER_SENT})
WAITING: Final = frozenset({PENDING, QUEUED})
REOPENABLE: Final = frozenset({RESOLVED, INVALID, EXPIRED})

CLOSED_BY_AGENT: Final = frozenset({RESOLVED, CONVERTED, INVALID})

RANKS: Final = {"high": 0, "medium": 1, "normal": 2}


@dataclass(frozen=True, slots=True)
class WorkItem:
    """`location` is where it waits when nobody has it: `queue` or `pending`.

    `attempts` counts how often it was put back, `calls` logged calls.
    """

    lead_id: str
    version: int
    state: str
    location: str
    after_validation: str
    validated: bool
    agent_id: str | None
    claimed_at: datetime | None
    attempts: int
    calls: int
    next_attempt_at: datetime | None
    reason: str | None
    disposition_id: str | None
    order_id: str | None
    partner_id: str
    project_id: str
    sponsor_id: str | None
    contact_list_id: str | None
    received_at: datetime


def waiting_state(location: str) -> str:
    return QUEUED if location == "queue" else PENDING


def location_after_validation(after_validation: str, location: str) -> str:
    """`deliver`: the client gets it, so agents do not; it waits in `pending`, which only the permitted see."""
    return "pending" if after_validation == "deliver" else location
