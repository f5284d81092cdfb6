"""S0.12: the statistics equal, number for number, a recount from the tables of the services they are about."""

import random
from collections import Counter

import pytest
from four_services import FourServices, Load, four_services
from leadwire.operate.recount.compare import ERASED_WORK, Place, Sums, differences
from leadwire.operate.recount.recount import recount
from servicekit.testing import TestDatabases
from sponsor_svc.statistics.counting import METRICS

MOVED = "SELECT " + ", ".join(f"sum({metric}) AS {metric}" for metric in METRICS)


async def moved(world: FourServices) -> dict[str, int]:
    query = f"{MOVED} FROM counters WHERE dimension = 'all' AND grain = 'day'"
    row = await world.services["sponsor-svc"].db.pool.fetchrow(query)
    assert row is not None
    return dict(row)


@pytest.mark.parametrize("disorder", [None, 1, 2])
async def test_s0_12_after_a_mixed_load_nothing_differs(test_databases: TestDatabases, disorder: int | None):
    """As it happens; and told late, with every other event twice and all of them in a random order."""
    async with four_services(test_databases) as world:
        world.statistics_wait = disorder is not None
        await Load(world).run()
        if disorder is not None:
            await world.tell_statistics(random.Random(disorder))
        found, compared = await recount(world.addresses)
        assert [str(each) for each in found] == []
        assert compared > 100
        counted = await moved(world)
        assert [metric for metric, n in counted.items() if n < 1] == [], "the load is to move every counter"


async def test_s0_12_a_difference_is_named_with_both_figures(test_databases: TestDatabases):
    async with four_services(test_databases) as world:
        await world.services["sponsor-svc"].db.pool.execute(
            f"INSERT INTO counters SELECT 'partner', 'ptr_1', 'hour', now(), 'spo_1', 7{', 0' * (len(METRICS) - 1)}"
        )
        found, _ = await recount(world.addresses)
        assert [str(each) for each in found] == ["partner ptr_1: received is 7 in the statistics and 0 in the tables"]


def test_s0_12_what_an_erasure_took_is_not_compared():
    place: Place = ("partner", "ptr_1", "spo_1")
    counted: Sums = Counter({(place, ("resolved", "No need")): 2, (place, ("resolved", "")): 2})
    recounted: Sums = Counter({(place, ("resolved", "")): 1})
    assert [each.figure for each in differences(recounted, counted)] == [("resolved", ""), ("resolved", "No need")]
    assert [each.figure for each in differences(recounted, counted, {place: ERASED_WORK})] == [("resolved", "")]
