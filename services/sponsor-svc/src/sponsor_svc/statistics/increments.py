"""Facts as sums per row: what the database is told, once per batch."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from sponsor_svc.statistics.counting import METRICS, SPEED, Share
from sponsor_svc.statistics.fact import Fact
from sponsor_svc.statistics.moves import Moved
from sponsor_svc.statistics.periods import GRAINS, Grain, floor_to

Key = tuple[str, str, str, datetime, str]  # dimension, entity, grain, at, sponsor
Entity = tuple[str, str, str]  # dimension, entity, sponsor
ShareKey = tuple[str, str, str, datetime, str, str, str]  # and kind, label
_POSITION = {metric: position for position, metric in enumerate(METRICS)}
OF_PRODUCTS = frozenset({"received", "converted"})


@dataclass
class Increments:
    """`sponsors` are those whose statistics change; an empty name stands for leads without one."""

    counters: dict[Key, list[int]] = field(default_factory=dict[Key, list[int]])
    breakdowns: dict[ShareKey, int] = field(default_factory=dict[ShareKey, int])
    sponsors: set[str] = field(default_factory=set[str])

    def count(self, key: Key, metrics: Sequence[str], shares: Sequence[Share], sign: int) -> None:
        row = self.counters.setdefault(key, [0] * len(METRICS))
        for metric in metrics:
            row[_POSITION[metric]] += sign
        for share in shares:
            if share.kind != SPEED or key[2] != "minute":
                share_key = (*key, share.kind, share.label)
                self.breakdowns[share_key] = self.breakdowns.get(share_key, 0) + sign * share.n


@dataclass(frozen=True, slots=True)
class Changes:
    """What is counted, what no longer is, and what is in another contact list now."""

    added: Sequence[Fact]
    undone: Sequence[Fact] = ()
    moved: Sequence[Moved] = ()

    def steps(self) -> Iterator[tuple[Fact, int, Iterable[Entity]]]:
        """Each fact that is added (1) or taken away (-1), and where; a move is both, of one list each."""
        yield from ((fact, 1, _everywhere(fact)) for fact in self.added if fact.tally.metrics)
        yield from ((fact, -1, _everywhere(fact)) for fact in self.undone)
        for moved in self.moved:
            for contact_list_id, sign in ((moved.former, -1), (moved.fact.contact_list_id, 1)):
                if contact_list_id:
                    yield moved.fact, sign, [("contact_list", contact_list_id, moved.fact.sponsor_id)]


def increments_of(changes: Changes, zone: tzinfo) -> Increments:
    """In the buckets of the time when it happened, also what is taken back later.

    Speed is kept by hour and day only: nearly every first call is a bucket of its own, and the minutes would be two
    thirds of all rows.
    """
    increments = Increments()
    buckets: dict[datetime, list[tuple[Grain, datetime]]] = {}
    for fact, sign, entities in changes.steps():
        if fact.at not in buckets:
            buckets[fact.at] = [(grain, floor_to(fact.at, grain, zone)) for grain in GRAINS]
        increments.sponsors.add(fact.sponsor_id)
        for dimension, entity_id, sponsor_id in entities:
            metrics, shares = _in(dimension, entity_id, fact)
            for grain, at in buckets[fact.at]:
                increments.count((dimension, entity_id, grain, at, sponsor_id), metrics, shares, sign)
    return increments


def _everywhere(fact: Fact) -> Iterator[Entity]:
    yield from fact.entities()
    if not OF_PRODUCTS.isdisjoint(fact.tally.metrics):
        yield from (("product", code, fact.sponsor_id) for code in fact.tally.products)


def _in(dimension: str, entity_id: str, fact: Fact) -> tuple[Sequence[str], Sequence[Share]]:
    """What the fact adds to this entity."""
    if dimension != "product":
        return fact.tally.metrics, fact.tally.shares
    return [metric for metric in fact.tally.metrics if metric in OF_PRODUCTS], fact.tally.products[entity_id]
