"""Facts as sums per row: what the database is told, once per batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Self

from sponsor_svc.statistics.counting import METRICS, SPEED, Share
from sponsor_svc.statistics.fact import Fact
from sponsor_svc.statistics.periods import GRAINS, Grain, floor_to
from sponsor_svc.statistics.revisions import Revised

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

    def without_nothing(self) -> Self:
        """What was both added and taken away needs no row."""
        self.counters = {key: counts for key, counts in self.counters.items() if any(counts)}
        self.breakdowns = {key: n for key, n in self.breakdowns.items() if n}
        return self

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
    """What is counted, what no longer is, and what is counted otherwise."""

    added: Sequence[Fact]
    undone: Sequence[Fact] = ()
    revised: Sequence[Revised] = ()

    def steps(self) -> Iterator[tuple[Fact, int]]:
        """Each fact that is added (1) or taken away (-1)."""
        yield from ((fact, 1) for fact in (*self.added, *(each.now for each in self.revised)))
        yield from ((fact, -1) for fact in (*self.undone, *(each.before for each in self.revised)))


def increments_of(changes: Changes, zone: tzinfo) -> Increments:
    """In the buckets of the time when it happened, also what is taken back later.

    Speed is kept by hour and day only: nearly every first call is a bucket of its own, and the minutes would be two
    thirds of all rows.
    """
    increments = Increments()
    buckets: dict[datetime, list[tuple[Grain, datetime]]] = {}
    for fact, sign in changes.steps():
        if not fact.metrics:
            continue
        if fact.at not in buckets:
            buckets[fact.at] = [(grain, floor_to(fact.at, grain, zone)) for grain in GRAINS]
        increments.sponsors.add(fact.sponsor_id)
        for dimension, entity_id, sponsor_id in _everywhere(fact):
            metrics, shares = _in(dimension, entity_id, fact)
            for grain, at in buckets[fact.at]:
                increments.count((dimension, entity_id, grain, at, sponsor_id), metrics, shares, sign)
    return increments.without_nothing()


def _everywhere(fact: Fact) -> Iterator[Entity]:
    yield from fact.entities()
    if not OF_PRODUCTS.isdisjoint(fact.metrics):
        yield from (("product", code, fact.sponsor_id) for code in fact.tally.products)


def _in(dimension: str, entity_id: str, fact: Fact) -> tuple[Sequence[str], Sequence[Share]]:
    """What the fact adds to this entity."""
    if dimension != "product":
        return fact.metrics, fact.tally.shares
    return [metric for metric in fact.metrics if metric in OF_PRODUCTS], fact.tally.products[entity_id]
