"""Reads both sides: the tables of the services, and the counters of the statistics."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sponsor_svc.statistics.counting import METRICS, SPEED
from sponsor_svc.statistics.sketch import bucket_of

from leadwire.operate.recount import store
from leadwire.operate.recount.compare import (
    ERASED_DECISIONS,
    ERASED_WORK,
    Difference,
    Figure,
    Gone,
    Place,
    Sums,
    add,
    differences,
    places_of,
    without,
)
from leadwire.operate.recount.products import add_products

GRAINS = ("day", "hour", "minute")


async def recount(addresses: Mapping[str, str]) -> tuple[list[Difference], int]:
    """Where the statistics differ from the tables, in any grain, and how many figures were compared.

    `addresses`: of the databases, by service. Nothing may happen meanwhile, or be on its way.
    """
    sums: Sums = Counter()
    intake, received, decided = await store.fetch(
        addresses["lead-intake-svc"],
        *((statement, ()) for statement in (store.INTAKE, store.RECEIVED_PRODUCTS, store.ERASED_DECIDED)),
    )
    (cases,) = await store.fetch(addresses["validation-svc"], (store.VALIDATION, ()))
    work, calls, sold, erased = await store.fetch(
        addresses["assignment-svc"],
        *((statement, ()) for statement in (store.ASSIGNMENT, store.FIRST_CALLS, store.SOLD_PRODUCTS, store.ERASED)),
    )
    for row in (*intake, *cases, *work):
        figure = (row["metric"], "") if row["metric"] else (row["kind"], row["label"])
        add(sums, _of(row), figure, row["n"])
    for row in calls:
        add(sums, _of(row), (SPEED, str(bucket_of(row["seconds"]))), 1)
    add_products(sums, received, "received")
    add_products(sums, sold, "converted")
    gone: dict[Place, frozenset[Figure]] = {}
    for rows, figures in ((erased, ERASED_WORK), (decided, ERASED_DECISIONS)):
        for place in (place for row in rows for place in places_of(_of(row))):
            gone[place] = gone.get(place, frozenset()) | figures
    return await _compare(addresses["sponsor-svc"], sums, gone), len(sums)


async def _compare(address: str, sums: Sums, gone: Gone) -> list[Difference]:
    reads = [(statement, (grain,)) for grain in GRAINS for statement in (store.COUNTERS, store.BREAKDOWNS)]
    answers = iter(await store.fetch(address, *reads))
    found: dict[Difference, None] = {}
    for grain in GRAINS:
        counted = _counted(next(answers), next(answers))
        # Speed is kept by hour and day only.
        expected = without(sums, SPEED) if grain == "minute" else sums
        found |= dict.fromkeys(differences(expected, counted, gone))
    return list(found)


def _counted(counters: list[Any], breakdowns: list[Any]) -> Sums:
    sums: Sums = Counter()
    for row in counters:
        for metric in METRICS:
            sums[_place(row), (metric, "")] += row[metric]
    for row in breakdowns:
        sums[_place(row), (row["kind"], row["label"])] += row["n"]
    return sums


def _place(row: Any) -> Place:
    return row["dimension"], row["entity_id"], row["sponsor_id"]


def _of(row: Any) -> tuple[str | None, ...]:
    return row["sponsor_id"], row["project_id"], row["contact_list_id"], row["partner_id"], row["agent_id"]
