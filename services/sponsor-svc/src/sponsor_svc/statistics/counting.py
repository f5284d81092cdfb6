"""What each event adds to the statistics. They count what happened, and an outcome only while it holds: reopening a
lead takes back what was counted when it was closed, and a replacement that is undone is none. A lead that comes in the
stead of another is counted in a column of its own, when intake tells of it, and is not received as long as it does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.event import Event
from contracts.events.assignment import (
    AttemptLoggedV1,
    LeadAssignedV1,
    LeadClaimedV1,
    LeadConvertedV1,
    LeadInvalidatedV1,
    LeadQueuedV1,
    LeadReopenedV1,
    LeadResolvedV1,
)
from contracts.events.intake import (
    LeadAcceptedV1,
    LeadMovedV1,
    LeadQuarantinedV1,
    LeadRejectedV1,
    LeadReplacedV1,
    LeadUpdatedV1,
    ReplacementUndoneV1,
    ReturnAcceptedV1,
)
from contracts.events.validation import CaseConfirmedV1, CaseRejectedV1, CaseReopenedV1
from contracts.events.values import Order

from sponsor_svc.names import key_of
from sponsor_svc.statistics.sketch import bucket_of

METRICS = (
    "received",
    "rejected",
    "quarantined",
    "held",
    "confirmed",
    "validation_rejected",
    "queued",
    "claimed",
    "attempts",
    "contacted",
    "resolved",
    "converted",
    "invalid",
    "returned",
    "replaced",
)
RECEIVED = "received"
MAX_LABEL_LENGTH = 200
SPEED = "speed"


@dataclass(frozen=True, slots=True)
class Share:
    """`n` more of a label of a breakdown."""

    kind: str
    label: str
    n: int = 1


@dataclass(frozen=True, slots=True)
class Tally:
    """What an event adds: one to each of `metrics`, and to those of the products that it names by their codes.

    `track` is set for outcomes (`work`, `case` or `replacement`, whose versions count apart) and for what `reopens`
    them.
    """

    metrics: tuple[str, ...]
    shares: tuple[Share, ...] = ()
    agent_id: str | None = None
    products: Mapping[str, tuple[Share, ...]] = field(default_factory=dict[str, tuple[Share, ...]])
    track: str | None = None
    reopens: bool = False


def _arrived(sequence: int) -> tuple[str, ...]:
    """A lead is received with its first version; a later decision about a quarantined one is no second lead."""
    return (RECEIVED,) if sequence <= 1 else ()


def _accepted(event: LeadAcceptedV1, sequence: int) -> Tally:
    arrived = _arrived(sequence)
    return Tally((*arrived, "held") if event.hold else arrived, products=dict.fromkeys(_codes(event.order), ()))


def _codes(order: Order | None) -> list[str]:
    return [key_of(item.product_code) for item in order.items] if order else []


def _values(order: Order) -> dict[str, tuple[Share, ...]]:
    """What each product was sold for, per currency."""
    sums: dict[tuple[str, str], int] = {}
    for item in order.items:
        place = key_of(item.product_code), item.unit_price.currency
        sums[place] = sums.get(place, 0) + item.quantity * item.unit_price.amount_minor
    codes = dict.fromkeys(code for code, _ in sums)
    return {
        code: tuple(Share("value", currency, n) for (of, currency), n in sums.items() if of == code) for code in codes
    }


def _rejected(event: LeadRejectedV1, sequence: int) -> Tally:
    return Tally((*_arrived(sequence), "rejected"), (Share("rejected", event.reason[:MAX_LABEL_LENGTH]),))


def _quarantined(_: LeadQuarantinedV1, sequence: int) -> Tally:
    return Tally((*_arrived(sequence), "quarantined"))


def _claimed(event: LeadClaimedV1 | LeadAssignedV1, _: int) -> Tally:
    return Tally(("claimed",), agent_id=event.agent_id)


def _attempted(event: AttemptLoggedV1, _: int) -> Tally:
    metrics = ("attempts", "contacted") if event.contacted else ("attempts",)
    seconds = (event.started_at - event.received_at).total_seconds()
    shares = (Share(SPEED, str(bucket_of(seconds))),) if event.number == 1 else ()
    return Tally(metrics, shares, event.agent_id)


def _resolved(event: LeadResolvedV1, _: int) -> Tally:
    shares = (Share("resolved", event.disposition[:MAX_LABEL_LENGTH]),)
    return Tally(("resolved",), shares, event.agent_id, track="work")


def _converted(event: LeadConvertedV1, _: int) -> Tally:
    total = event.order.total
    shares = (Share("value", total.currency, total.amount_minor),) if total else ()
    return Tally(("converted",), shares, event.agent_id, _values(event.order), track="work")


def _invalidated(event: LeadInvalidatedV1, _: int) -> Tally:
    return Tally(("invalid",), agent_id=event.agent_id, track="work")


def _once(metric: str, track: str | None = None) -> Callable[[Any, int], Tally]:
    tally = Tally((metric,), track=track)
    return lambda _event, _sequence: tally


def _reopens(track: str) -> Callable[[Any, int], Tally]:
    tally = Tally((), track=track, reopens=True)
    return lambda _event, _sequence: tally


def _nothing(_event: Any, _sequence: int) -> Tally:
    """It may move what was counted to another contact list."""
    return Tally(())


COUNTED: dict[type[Event], Callable[[Any, int], Tally]] = {
    LeadAcceptedV1: _accepted,
    LeadRejectedV1: _rejected,
    LeadQuarantinedV1: _quarantined,
    LeadMovedV1: _nothing,
    LeadUpdatedV1: _nothing,
    LeadReplacedV1: _once("replaced", "replacement"),
    ReplacementUndoneV1: _reopens("replacement"),
    ReturnAcceptedV1: _once("returned"),
    CaseConfirmedV1: _once("confirmed"),
    CaseRejectedV1: _once("validation_rejected", "case"),
    CaseReopenedV1: _reopens("case"),
    LeadQueuedV1: _once("queued"),
    LeadClaimedV1: _claimed,
    LeadAssignedV1: _claimed,
    AttemptLoggedV1: _attempted,
    LeadResolvedV1: _resolved,
    LeadConvertedV1: _converted,
    LeadInvalidatedV1: _invalidated,
    LeadReopenedV1: _reopens("work"),
}
