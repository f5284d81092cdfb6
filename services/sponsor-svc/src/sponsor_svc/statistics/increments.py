"""Facts as sums per row: what the database is told, once per batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from sponsor_svc.statistics.counting import METRICS, SPEED, Share
from sponsor_svc.statistics.fact import Fact
from sponsor_svc.statistics.periods import GRAINS, Grain, floor_to

Key = tuple[str, str, str, datetime, str]  # dimension, entity, grain, at, sponsor
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


def increments_of(facts: Sequence[Fact], undone: Sequence[Fact], zone: tzinfo) -> Increments:
    """Adds `facts` and takes `undone` back, in the buckets where they were counted.

    Speed is kept by hour and day only: nearly every first call is a bucket of its own, and the minutes would be two
    thirds of all rows.
    """
    increments = Increments()
    buckets: dict[datetime, list[tuple[Grain, datetime]]] = {}
    for fact, sign in _signed(facts, undone):
        if fact.at not in buckets:
            buckets[fact.at] = [(grain, floor_to(fact.at, grain, zone)) for grain in GRAINS]
        _count(increments, fact, sign, buckets[fact.at])
    return increments


def _signed(facts: Sequence[Fact], undone: Sequence[Fact]) -> Iterator[tuple[Fact, int]]:
    yield from ((fact, 1) for fact in facts if fact.tally.metrics)
    yield from ((fact, -1) for fact in undone)


def _count(increments: Increments, fact: Fact, sign: int, times: Sequence[tuple[Grain, datetime]]) -> None:
    tally = fact.tally
    increments.sponsors.add(fact.sponsor_id)
    for dimension, entity_id, sponsor_id in fact.entities():
        for grain, at in times:
            increments.count((dimension, entity_id, grain, at, sponsor_id), tally.metrics, tally.shares, sign)
    metrics = [metric for metric in tally.metrics if metric in OF_PRODUCTS]
    for code, shares in tally.products.items() if metrics else ():
        for grain, at in times:
            increments.count(("product", code, grain, at, fact.sponsor_id), metrics, shares, sign)
