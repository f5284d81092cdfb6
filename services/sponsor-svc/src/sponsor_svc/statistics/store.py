"""SQL of the statistics."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from messaging.unit_of_work import UnitOfWork

from sponsor_svc.statistics.counting import METRICS, SPEED
from sponsor_svc.statistics.increments import Increments
from sponsor_svc.statistics.periods import Grain, Part

CHANNEL = "statistics"
EVERYBODY = "*"
CLOSE = "!"  # before a holder: its live pages are closed
MOST_NAMED = 100  # a notification holds 8,000 bytes

_KEY = "dimension, entity_id, grain, at, sponsor_id"
_KEY_TYPES = ("text", "text", "text", "timestamptz", "text")
_COUNTS = ", ".join(METRICS)
_SUMS = ", ".join(f"coalesce(sum(c.{metric}), 0)::bigint AS {metric}" for metric in METRICS)


def _arrays(types: Iterable[str]) -> str:
    return ", ".join(f"${number}::{each}[]" for number, each in enumerate(types, 1))


ADD_COUNTS = f"""
INSERT INTO counters AS c ({_KEY}, {_COUNTS})
SELECT * FROM unnest({_arrays((*_KEY_TYPES, *["bigint"] * len(METRICS)))})
ON CONFLICT ({_KEY}) DO UPDATE SET {", ".join(f"{metric} = c.{metric} + excluded.{metric}" for metric in METRICS)}
"""

ADD_SHARES = f"""
INSERT INTO breakdowns AS b ({_KEY}, kind, label, n)
SELECT * FROM unnest({_arrays((*_KEY_TYPES, "text", "text", "bigint"))})
ON CONFLICT ({_KEY}, kind, label) DO UPDATE SET n = b.n + excluded.n
"""

TELL = f"SELECT pg_notify('{CHANNEL}', $1)"

_PARTS = "unnest($4::text[], $5::timestamptz[], $6::timestamptz[]) AS part (grain, since, until)"
_OF_PART = """
    dimension = $1 AND entity_id = ANY($2::text[]) AND grain = part.grain AND at >= part.since AND at < part.until
    AND ($3::text[] IS NULL OR sponsor_id = ANY($3))
"""

# Summed part by part, so that each is a range of the index. As one join, all that an entity ever had was read and most
# of it thrown away: 28 times as slow with 300,000 events behind.
TOTALS = f"""
SELECT now() AS as_of, {_SUMS} FROM {_PARTS} CROSS JOIN LATERAL (
    SELECT {_SUMS} FROM counters AS c WHERE {_OF_PART}
) AS c
"""

SHARES = f"""
SELECT b.kind, b.label, sum(b.n)::bigint AS n FROM {_PARTS} CROSS JOIN LATERAL (
    SELECT kind, label, sum(n) AS n FROM breakdowns WHERE {_OF_PART} AND kind = ANY($7::text[]) GROUP BY kind, label
) AS b
GROUP BY b.kind, b.label
"""

# The newest buckets of each entity, in the order of the index, and of these the newest.
SERIES = f"""
SELECT c.at, {_SUMS} FROM unnest($2::text[]) AS own (entity_id) CROSS JOIN LATERAL (
    SELECT c.at, {_SUMS} FROM counters AS c
    WHERE c.dimension = $1 AND c.entity_id = own.entity_id AND ($3::text[] IS NULL OR c.sponsor_id = ANY($3))
        AND c.grain = $4 AND c.at >= $5 AND c.at < $6
    GROUP BY c.at ORDER BY c.at DESC LIMIT $7
) AS c GROUP BY c.at ORDER BY c.at DESC LIMIT $7
"""


@dataclass(frozen=True, slots=True)
class Slice:
    """Which rows: those of the entities, and of these sponsors if any are given."""

    dimension: str
    entity_ids: tuple[str, ...]
    sponsor_ids: tuple[str, ...] | None

    def concerns(self, sponsors: frozenset[str]) -> bool:
        """Whether an event of one of these sponsors may change it."""
        return self.sponsor_ids is None or "" in self.sponsor_ids or not sponsors.isdisjoint(self.sponsor_ids)


@dataclass(frozen=True, slots=True)
class ShareRow:
    kind: str
    label: str
    n: int


async def add(work: UnitOfWork, increments: Increments) -> None:
    """Locks rows in the order of their keys, so that batches side by side may wait, but never in a ring."""
    if not increments.counters:
        return
    counters = sorted(increments.counters.items())
    await work.execute(ADD_COUNTS, *zip(*((*key, *counts) for key, counts in counters), strict=True))
    if increments.breakdowns:
        shares = sorted(increments.breakdowns.items())
        await work.execute(ADD_SHARES, *zip(*((*key, n) for key, n in shares), strict=True))
    sponsors = sorted(increments.sponsors)
    await work.execute(TELL, ",".join(sponsors) if len(sponsors) <= MOST_NAMED else EVERYBODY)


async def tell_everybody(work: UnitOfWork) -> None:
    await work.execute(TELL, EVERYBODY)


async def close_pages(work: UnitOfWork, holder: str) -> None:
    """Live pages of the holder are closed once this is committed; whoever may still see them comes back."""
    await work.execute(TELL, f"{CLOSE}{holder}")


async def read_totals(work: UnitOfWork, rows: Slice, parts: Sequence[Part]) -> tuple[datetime, dict[str, int]]:
    row = await work.fetchrow(TOTALS, rows.dimension, rows.entity_ids, rows.sponsor_ids, *_columns(parts))
    assert row is not None  # noqa: S101 -- an aggregate
    return row["as_of"], {metric: row[metric] for metric in METRICS}


async def read_shares(work: UnitOfWork, rows: Slice, parts: Sequence[Part]) -> list[ShareRow]:
    kinds = ["rejected", "resolved", "value"]
    found = await work.fetch(SHARES, rows.dimension, rows.entity_ids, rows.sponsor_ids, *_columns(parts), kinds)
    return [ShareRow(*row) for row in found]


async def read_speeds(work: UnitOfWork, rows: Slice, parts: Sequence[Part]) -> dict[int, int]:
    """How many first calls per bucket of the sketch; `parts` are hours and days."""
    found = await work.fetch(SHARES, rows.dimension, rows.entity_ids, rows.sponsor_ids, *_columns(parts), [SPEED])
    return {int(row["label"]): row["n"] for row in found}


async def read_series(work: UnitOfWork, rows: Slice, buckets: Part, most: int) -> list[tuple[datetime, dict[str, int]]]:
    """The newest buckets in which anything happened, oldest first."""
    grain: Grain = buckets.grain
    values = (rows.dimension, rows.entity_ids, rows.sponsor_ids, grain, buckets.since, buckets.until, most)
    found = await work.fetch(SERIES, *values)
    return [(row["at"], {metric: row[metric] for metric in METRICS}) for row in reversed(found)]


def _columns(parts: Sequence[Part]) -> tuple[list[str], list[datetime], list[datetime]]:
    return [p.grain for p in parts], [p.since for p in parts], [p.until for p in parts]
