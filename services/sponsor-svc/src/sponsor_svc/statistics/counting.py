"""What each event adds to the statistics. They count what happened, not how many leads are in a state now."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.event import Event
from contracts.events.assignment import (
    AttemptLoggedV1,
    LeadAssignedV1,
    LeadClaimedV1,
    LeadConvertedV1,
    LeadInvalidatedV1,
    LeadQueuedV1,
    LeadResolvedV1,
)
from contracts.events.intake import (
    LeadAcceptedV1,
    LeadQuarantinedV1,
    LeadRejectedV1,
    LeadReplacedV1,
    ReturnAcceptedV1,
)
from contracts.events.validation import CaseConfirmedV1, CaseRejectedV1

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
    """What an event adds: one to each of `metrics`."""

    metrics: tuple[str, ...]
    shares: tuple[Share, ...] = ()
    agent_id: str | None = None


def _arrived(sequence: int) -> tuple[str, ...]:
    """A lead is received with its first version; a later decision about a quarantined one is no second lead."""
    return ("received",) if sequence <= 1 else ()


def _accepted(event: LeadAcceptedV1, sequence: int) -> Tally:
    return Tally((*_arrived(sequence), "held") if event.hold else _arrived(sequence))


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
    return Tally(("resolved",), (Share("resolved", event.disposition[:MAX_LABEL_LENGTH]),), event.agent_id)


def _converted(event: LeadConvertedV1, _: int) -> Tally:
    total = event.order.total
    shares = (Share("value", total.currency, total.amount_minor),) if total else ()
    return Tally(("converted",), shares, event.agent_id)


def _invalidated(event: LeadInvalidatedV1, _: int) -> Tally:
    return Tally(("invalid",), agent_id=event.agent_id)


def _once(metric: str) -> Callable[[Any, int], Tally]:
    tally = Tally((metric,))
    return lambda _event, _sequence: tally


COUNTED: dict[type[Event], Callable[[Any, int], Tally]] = {
    LeadAcceptedV1: _accepted,
    LeadRejectedV1: _rejected,
    LeadQuarantinedV1: _quarantined,
    LeadReplacedV1: _once("replaced"),
    ReturnAcceptedV1: _once("returned"),
    CaseConfirmedV1: _once("confirmed"),
    CaseRejectedV1: _once("validation_rejected"),
    LeadQueuedV1: _once("queued"),
    LeadClaimedV1: _claimed,
    LeadAssignedV1: _claimed,
    AttemptLoggedV1: _attempted,
    LeadResolvedV1: _resolved,
    LeadConvertedV1: _converted,
    LeadInvalidatedV1: _invalidated,
}
