"""The schema goes forward and back with cases in it."""

from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

from servicekit.migrations import migrations_folder
from servicekit.testing import ServiceUnderTest

OLD_CASE = """
INSERT INTO cases (lead_id, partner_id, project_id, received_at, lead_version, content)
VALUES ($1, 'ptr_1', 'prj_1', now() - interval '1 day', 1, $2)
"""


def revision(name: str) -> Any:
    spec = spec_from_file_location(name, migrations_folder("validation_svc") / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_cases_of_before_are_carried_over_and_back(service: ServiceUnderTest):
    """Back: a released lead went on as a confirmed one does. Forward: first check, and place in the queue."""
    module = revision("20261126_validation_in_full")

    async def run(statements: tuple[str, ...]) -> None:
        await service.as_owner("BEGIN", *statements, "COMMIT")

    await run(module.DOWNGRADE)
    await service.db.pool.execute(OLD_CASE, "lead_1", {"problems": [{"code": "x", "level": "quarantine"}]})
    await service.db.pool.execute(OLD_CASE, "lead_2", {"problems": [{"code": "x", "level": "warn"}]})
    await service.db.pool.execute(OLD_CASE, "lead_3", {})
    await run(module.UPGRADE)
    rows = await service.db.pool.fetch("SELECT shown, due_at = received_at AS in_place FROM cases ORDER BY lead_id")
    assert [tuple(row) for row in rows] == [(False, True), (True, True), (True, True)]
    # Beside the new version, one of before still opens cases.
    await service.db.pool.execute(OLD_CASE, "lead_4", {})
    await service.db.pool.execute("UPDATE cases SET state = 'released' WHERE lead_id = 'lead_2'")
    await run(module.DOWNGRADE)
    assert await service.db.pool.fetchval("SELECT state FROM cases WHERE lead_id = 'lead_2'") == "confirmed"
    await run(module.UPGRADE)
    assert await service.db.pool.fetchval("SELECT count(*) FROM cases WHERE shown") == 3
