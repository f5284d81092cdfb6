"""Which contact list a lead is in: what intake said last decides, in whatever order it is heard."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.event import Event
from contracts.events.intake import LeadAcceptedV1, LeadQuarantinedV1, LeadRejectedV1, LeadUpdatedV1
from messaging.subscription import Received

from sponsor_svc.statistics.fact import Fact

_BY_INTAKE = (LeadAcceptedV1, LeadRejectedV1, LeadQuarantinedV1, LeadUpdatedV1)


@dataclass(frozen=True, slots=True)
class Place:
    """`version` is the lead's at intake."""

    lead_id: str
    version: int
    contact_list_id: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A fact that was counted in the list `former`, and is to be counted in its own."""

    fact: Fact
    former: str | None


def places_of(batch: Sequence[Received[Event]]) -> list[Place]:
    """The newest of each lead. Its first version says nothing new: what happens to it then says the same."""
    newest: dict[str, Place] = {}
    for received in batch:
        event, version = received.event, received.envelope.sequence
        if not isinstance(event, _BY_INTAKE) or version <= 1 or event.lead.test:
            continue
        known = newest.get(event.lead.lead_id)
        if known is None or known.version < version:
            newest[event.lead.lead_id] = Place(event.lead.lead_id, version, event.lead.contact_list_id)
    return list(newest.values())
