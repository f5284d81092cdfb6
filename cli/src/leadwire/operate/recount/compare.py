"""Sums per dimension and entity, and where two of them differ: pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

DIMENSIONS = ("sponsor", "project", "contact_list", "partner", "agent")
Place = tuple[str, str, str]  # dimension, entity, sponsor
Figure = tuple[str, str]  # metric and nothing, or kind and label
Sums = Counter[tuple[Place, Figure]]
ANY = "*"  # in the place of a label
# Of leads that were erased: their cases are gone, and what was in their history and orders; of the decisions about them
# that were made one after another, all but the first and the last.
ERASED_WORK = frozenset({("confirmed", ""), ("validation_rejected", ""), ("resolved", ANY), ("value", ANY)})
ERASED_DECISIONS = frozenset({("quarantined", ""), ("rejected", ""), ("rejected", ANY)})
Gone = Mapping[Place, frozenset[Figure]]


@dataclass(frozen=True, slots=True)
class Difference:
    place: Place
    figure: Figure
    recounted: int
    counted: int

    def __str__(self) -> str:
        dimension, entity, _ = self.place
        where = " ".join(filter(None, (dimension, entity)))
        what = " ".join(filter(None, self.figure))
        return f"{where}: {what} is {self.counted} in the statistics and {self.recounted} in the tables"


def places_of(of: tuple[str | None, ...]) -> Iterator[Place]:
    """Where something of this sponsor, project, list, partner and agent is counted."""
    sponsor = of[0] or ""
    yield "all", "", ""
    for dimension, entity in zip(DIMENSIONS, of, strict=True):
        if entity:
            yield dimension, entity, sponsor


def add(sums: Sums, of: tuple[str | None, ...], figure: Figure, n: int) -> None:
    for place in places_of(of):
        sums[place, figure] += n


def differences(recounted: Sums, counted: Sums, gone: Gone | None = None) -> list[Difference]:
    """In the order of the places. `gone`: what cannot be recounted where leads were erased; nor can the products of
    their sponsors, since nobody knows any more which of them these leads asked for.
    """
    gone = gone or {}
    erased_of = frozenset(sponsor for dimension, _, sponsor in gone if dimension == "project")
    return [
        Difference(place, figure, recounted[place, figure], counted[place, figure])
        for place, figure in sorted(recounted.keys() | counted.keys())
        if recounted[place, figure] != counted[place, figure]
        and (figure[0], ANY if figure[1] else "") not in gone.get(place, ())
        and not (place[0] == "product" and place[2] in erased_of)
    ]


def without(sums: Mapping[tuple[Place, Figure], int], kind: str) -> Sums:
    return Counter({key: n for key, n in sums.items() if not (key[1][0] == kind and key[1][1])})
