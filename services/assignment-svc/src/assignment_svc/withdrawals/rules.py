"""What becomes of a lead, from all that others decided about it. Pure, and the same in whatever order they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from assignment_svc.work_items.item import CONVERTED, ERASED, OPEN, RETURN_HOLD, RETURNED, SOLD, SUPPRESSED, WorkItem

RETURN: Final = "return"
SALE: Final = "sale"
REVOCATION: Final = "revocation"
ERASURE: Final = "erasure"

OPEN_RETURN: Final = "open"
CLOSED: Final = "closed"
FINAL: Final = "final"

_ENDED: Final = frozenset({CONVERTED, ERASED, RETURNED, SOLD})


@dataclass(frozen=True, slots=True)
class Fact:
    """`status` of a return is `open` (requested or disputed), `closed` (declined) or `final` (accepted); of a sale it
    is `final`, or `closed` once the buyer has sent the lead back.
    """

    fact: str
    cause_id: str
    status: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Fate:
    """`state` None: what it was before its return was requested, or before it was sold."""

    state: str | None
    reason: str
    cause_id: str


def fate_of(item: WorkItem, facts: Sequence[Fact]) -> Fate | None:
    """None: it stays as it is. Erased comes before everything; only its return takes a sale back."""
    return _end(item, facts) or (_pause(item, facts) if item.state not in _ENDED else None)


def _end(item: WorkItem, facts: Sequence[Fact]) -> Fate | None:
    erasure = _first(facts, ERASURE)
    if erasure is not None:
        return None if item.state == ERASED else Fate(ERASED, "erased", erasure.cause_id)
    sale = _first(facts, SALE, FINAL)
    if item.state == SOLD and sale is None:
        back = _first(facts, SALE, CLOSED)
        return Fate(None, "sale-returned", "" if back is None else back.cause_id)
    if item.state in _ENDED:
        return None
    accepted = _first(facts, RETURN, FINAL)
    if accepted is not None:
        return Fate(RETURNED, "returned", accepted.cause_id)
    return None if sale is None else Fate(SOLD, "sold", sale.cause_id)


def _pause(item: WorkItem, facts: Sequence[Fact]) -> Fate | None:
    asked = _first(facts, RETURN, OPEN_RETURN)
    if asked is not None:
        return None if item.state == RETURN_HOLD else Fate(RETURN_HOLD, "return-requested", asked.cause_id)
    if item.state == RETURN_HOLD:
        declined = _first(facts, RETURN)
        return Fate(None, "return-declined", "" if declined is None else declined.cause_id)
    revoked = _first(facts, REVOCATION)
    return Fate(SUPPRESSED, "consent-revoked", revoked.cause_id) if revoked and item.state in OPEN else None


def _first(facts: Sequence[Fact], fact: str, status: str | None = None) -> Fact | None:
    matching = [one for one in facts if one.fact == fact and status in {None, one.status}]
    return max(matching, key=lambda one: (one.version, one.cause_id), default=None)
