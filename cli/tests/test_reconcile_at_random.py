"""S0.12: whatever happens to leads, in whatever order the statistics hear of it, every figure equals the recount."""

import os
import random
from collections.abc import Sequence

from four_services import Load, four_services
from happenings import VERBS, Happenings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadwire.operate.recount.recount import recount
from servicekit.testing import ServiceUnderTest, TestDatabases
from sponsor_svc.statistics.log.rebuild import rebuild_statistics

# `LEADWIRE_MACHINE_EXAMPLES=200` for a long run, which looks for new examples; otherwise they are always the same.
LONG_RUN = "LEADWIRE_MACHINE_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("LEADWIRE_MACHINE_EXAMPLES", "4"))
EVERYTHING = ("counters", "breakdowns")
steps = st.tuples(st.sampled_from(VERBS), st.integers(min_value=0, max_value=11), st.integers(min_value=0, max_value=5))


async def rows_of(service: ServiceUnderTest) -> list[list[tuple[object, ...]]]:
    """All that is counted; rows of nothing but zeros are what was taken back."""
    found = [[tuple(row) for row in await service.db.pool.fetch(f"SELECT * FROM {each}")] for each in EVERYTHING]
    return [sorted((row for row in rows if any(isinstance(n, int) and n for n in row)), key=repr) for rows in found]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not LONG_RUN,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(happened=st.lists(steps, min_size=30, max_size=60), seed=st.integers(min_value=0, max_value=2**32))
async def test_s0_12_whatever_happens_every_figure_equals_the_recount(
    test_databases: TestDatabases, happened: Sequence[tuple[str, int, int]], seed: int
):
    async with four_services(test_databases) as world:
        here = Happenings(world, random.Random(seed), Load(world))
        await here.begin()
        for verb, a, b in happened:
            await here.step(verb, a, b)
        await here.tell_all()
        found, compared = await recount(world.addresses)
        assert [str(each) for each in found] == []
        assert compared > 20
        statistics = world.services["sponsor-svc"]
        counted = await rows_of(statistics)
        await rebuild_statistics(statistics.db)
        assert await rows_of(statistics) == counted
