"""The schema goes back to its first revision and forward again, with rows in it."""

from lead_intake_svc.testing import World
from servicekit.migration_testing import go_back_and_forth


async def test_all_revisions_go_back_and_forward_again(world: World):
    await world.accepted()
    assert await go_back_and_forth(world.service.owner_dsn, "lead_intake_svc") == (set(), set())
