from collections.abc import Mapping

from messaging.unit_of_work import UnitOfWork

from sponsor_svc.statistics import store
from sponsor_svc.statistics.log import store as log
from sponsor_svc.statistics.periods import Grain, Part, cover, cover_hours, floor_to
from sponsor_svc.statistics.question import Question
from sponsor_svc.statistics.shapes import Counts, LiveCounts, MoneyOut, Point, SpeedToLead, StatisticsOut
from sponsor_svc.statistics.sketch import quantile
from sponsor_svc.statistics.store import ShareRow

MOST_POINTS = 1_500


async def read_statistics(work: UnitOfWork, question: Question, by: Grain) -> StatisticsOut:
    """In a snapshot that the caller took. Costs the same however many events there were."""
    zone = await log.read_zone(work)
    parts = cover(question.since, question.until, zone)
    as_of, totals = await store.read_totals(work, question.rows, parts)
    shares = await store.read_shares(work, question.rows, parts)
    speeds = await store.read_speeds(work, question.rows, cover_hours(question.since, question.until, zone))
    buckets = Part(by, floor_to(question.since, by, zone), question.until)
    series = await store.read_series(work, question.rows, buckets, MOST_POINTS)
    return StatisticsOut(
        as_of=as_of,
        totals=Counts(**totals),
        rejected_by_reason=_labelled(shares, "rejected"),
        resolved_by_disposition=_labelled(shares, "resolved"),
        converted_value=[MoneyOut(currency=c, amount_minor=n) for c, n in _labelled(shares, "value").items()],
        speed_to_lead=_speed(speeds),
        series=[Point(at=at, **counts) for at, counts in series],
    )


async def read_live(work: UnitOfWork, question: Question) -> LiveCounts:
    parts = cover(question.since, question.until, await log.read_zone(work))
    as_of, totals = await store.read_totals(work, question.rows, parts)
    return LiveCounts(as_of=as_of, **totals)


def _labelled(shares: list[ShareRow], kind: str) -> dict[str, int]:
    return {row.label: row.n for row in sorted(shares, key=lambda row: row.label) if row.kind == kind}


def _speed(counts: Mapping[int, int]) -> SpeedToLead:
    median, p90 = quantile(counts, 0.5), quantile(counts, 0.9)
    return SpeedToLead(
        median_s=None if median is None else round(median, 1), p90_s=None if p90 is None else round(p90, 1)
    )
