"""What is said of a lead once more: intake's last word decides, in whatever order it is heard."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.event import Event
from contracts.events.intake import LeadAcceptedV1, LeadMovedV1, LeadQuarantinedV1, LeadRejectedV1, LeadUpdatedV1
from messaging.subscription import Received

from sponsor_svc.statistics.fact import Fact, stands_in

_BY_INTAKE = (LeadAcceptedV1, LeadRejectedV1, LeadQuarantinedV1, LeadMovedV1, LeadUpdatedV1)


@dataclass(frozen=True, slots=True)
class Revision:
    """`version` is the lead's at intake. It is counted in that contact list, and received unless it `stands_in`."""

    lead_id: str
    version: int
    contact_list_id: str | None
    stands_in: bool


@dataclass(frozen=True, slots=True)
class Revised:
    """A fact as it was counted, and as it is to be counted."""

    before: Fact
    now: Fact


def revisions_of(batch: Sequence[Received[Event]]) -> list[Revision]:
    """The newest of each lead. Its first version says nothing new: what happens to it then says the same."""
    newest: dict[str, Revision] = {}
    for received in batch:
        event, version = received.event, received.envelope.sequence
        if not isinstance(event, _BY_INTAKE) or version <= 1 or event.lead.test:
            continue
        lead = event.lead
        known = newest.get(lead.lead_id)
        if known is None or known.version < version:
            newest[lead.lead_id] = Revision(lead.lead_id, version, lead.contact_list_id, stands_in(event))
    return list(newest.values())
