"""What an event says for the statistics, without anything personal: kept, so that it can be counted again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.event import Event
from contracts.events.values import LeadRef
from messaging.subscription import Received

from sponsor_svc.statistics.counting import COUNTED, RECEIVED, Tally
from sponsor_svc.statistics.periods import floor_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """`at` is the minute that the event counts in; `version` is its subject's at the owner. A lead that `stands_in` for
    another is not received.
    """

    id: UUID
    at: datetime
    lead_id: str
    version: int
    sponsor_id: str
    project_id: str
    contact_list_id: str | None
    partner_id: str
    tally: Tally
    stands_in: bool = False

    @property
    def metrics(self) -> tuple[str, ...]:
        """To each of which it adds one."""
        metrics = self.tally.metrics
        return tuple(each for each in metrics if each != RECEIVED) if self.stands_in else metrics

    def entities(self) -> Iterator[tuple[str, str, str]]:
        """Dimension, entity and sponsor of the rows that the whole event is counted in."""
        yield "all", "", ""
        named = (
            ("sponsor", self.sponsor_id),
            ("project", self.project_id),
            ("contact_list", self.contact_list_id),
            ("partner", self.partner_id),
            ("agent", self.tally.agent_id),
        )
        for dimension, entity_id in named:
            if entity_id:
                yield dimension, entity_id, self.sponsor_id


def facts_of(batch: Sequence[Received[Event]]) -> list[Fact]:
    """Test leads count nowhere, nor does what adds nothing. An event counts in the minute of its envelope's time."""
    return [fact for received in batch if (fact := _fact_of(received)) is not None]


def _fact_of(received: Received[Event]) -> Fact | None:
    event: Any = received.event
    lead: LeadRef = event.lead
    if lead.test:
        return None
    tally = COUNTED[type(event)](event, received.envelope.sequence)
    if not tally.metrics and not tally.reopens:
        return None
    return Fact(
        id=received.envelope.id,
        at=floor_to(received.envelope.time, "minute"),
        lead_id=lead.lead_id,
        version=received.envelope.sequence,
        sponsor_id=lead.sponsor_id or "",
        project_id=lead.project_id,
        contact_list_id=lead.contact_list_id,
        partner_id=lead.partner_id,
        tally=tally,
        stands_in=stands_in(event),
    )


def stands_in(event: Any) -> bool:
    """Whether the event is of a lead that comes in the stead of another."""
    return getattr(event, "replacement_for", None) is not None
