"""A batch of events as sums per row: what the database is told, once per batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.event import Event
from contracts.events.values import LeadRef
from messaging.subscription import Received

from sponsor_svc.statistics.counting import COUNTED, METRICS, SPEED
from sponsor_svc.statistics.periods import GRAINS, floor_to

Key = tuple[str, str, str, datetime, str]  # dimension, entity, grain, at, sponsor
ShareKey = tuple[str, str, str, datetime, str, str, str]  # and kind, label
_POSITION = {metric: position for position, metric in enumerate(METRICS)}


@dataclass(frozen=True, slots=True)
class _Source:
    """Events that add to the same rows."""

    sponsor_id: str
    project_id: str
    contact_list_id: str | None
    partner_id: str
    agent_id: str | None
    minute: datetime

    def rows(self) -> Iterator[Key]:
        entities = (
            ("all", ""),
            ("sponsor", self.sponsor_id),
            ("project", self.project_id),
            ("contact_list", self.contact_list_id),
            ("partner", self.partner_id),
            ("agent", self.agent_id),
        )
        times = [(grain, floor_to(self.minute, grain)) for grain in GRAINS]
        for dimension, entity_id in entities:
            if entity_id or dimension == "all":
                sponsor_id = "" if dimension == "all" else self.sponsor_id
                for grain, at in times:
                    yield dimension, entity_id or "", grain, at, sponsor_id


@dataclass
class _Sums:
    counts: dict[int, int] = field(default_factory=dict[int, int])  # by position in METRICS
    shares: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])


@dataclass
class Increments:
    """`sponsors` are those whose statistics change; an empty name stands for leads without one."""

    counters: dict[Key, list[int]] = field(default_factory=dict[Key, list[int]])
    breakdowns: dict[ShareKey, int] = field(default_factory=dict[ShareKey, int])
    sponsors: set[str] = field(default_factory=set[str])


def increments_of(batch: Sequence[Received[Event]]) -> Increments:
    """Test leads count nowhere. An event counts in the minute of its envelope's time.

    Speed is kept by hour and day only: nearly every first call is a bucket of its own, and the minutes would be two
    thirds of all rows.
    """
    increments = Increments()
    for source, sums in _summed(batch).items():
        increments.sponsors.add(source.sponsor_id)
        for key in source.rows():
            row = increments.counters.setdefault(key, [0] * len(METRICS))
            for position, count in sums.counts.items():
                row[position] += count
            for (kind, label), n in sums.shares.items():
                if kind == SPEED and key[2] == "minute":
                    continue
                share_key = (*key, kind, label)
                increments.breakdowns[share_key] = increments.breakdowns.get(share_key, 0) + n
    return increments


def _summed(batch: Sequence[Received[Event]]) -> dict[_Source, _Sums]:
    summed: dict[_Source, _Sums] = {}
    for received in batch:
        event: Any = received.event
        lead: LeadRef = event.lead
        if lead.test:
            continue
        tally = COUNTED[type(event)](event, received.envelope.sequence)
        if not tally.metrics:
            continue
        source = _Source(
            sponsor_id=lead.sponsor_id or "",
            project_id=lead.project_id,
            contact_list_id=lead.contact_list_id,
            partner_id=lead.partner_id,
            agent_id=tally.agent_id,
            minute=floor_to(received.envelope.time, "minute"),
        )
        sums = summed.setdefault(source, _Sums())
        for metric in tally.metrics:
            position = _POSITION[metric]
            sums.counts[position] = sums.counts.get(position, 0) + 1
        for share in tally.shares:
            name = (share.kind, share.label)
            sums.shares[name] = sums.shares.get(name, 0) + share.n
    return summed
