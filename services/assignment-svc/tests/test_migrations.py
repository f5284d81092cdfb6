"""O7.5: back to the release before and forward again, with work under way."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from assignment_svc.testing import AGENT, PROJECT, CallCentre
from contracts.events.intake import PartnerChangedV1, ReturnRequestedV1
from contracts.events.sponsor import QueueRules
from contracts.events.values import Account, CallingHours, LeadRef
from servicekit.migrations import ENVIRONMENT, migrate, migrations_folder
from servicekit.testing import ServiceUnderTest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool


async def _back(dsn: str, revision: str) -> None:
    config = Config()
    config.set_main_option("path_separator", "newline")
    config.set_main_option("script_location", str(ENVIRONMENT))
    config.set_main_option("version_locations", str(migrations_folder("assignment_svc")))

    async def connect() -> Any:
        return await asyncpg.connect(dsn)

    def downgrade(connection: Any) -> None:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    engine = create_async_engine("postgresql+asyncpg://", poolclass=NullPool, async_creator=connect)
    async with engine.connect() as connection:
        await connection.run_sync(downgrade)
    await engine.dispose()


async def test_o7_5_work_survives_the_release_before(centre: CallCentre, service: ServiceUnderTest):
    await centre.project(queue=QueueRules(status_after_request="queue", max_age_hours=72))
    hours = CallingHours(mode="custom", from_="00:00", until="23:59")
    await service.deliver(PartnerChangedV1(partner_id="ptr_2", name="P", calling_hours=hours), 1)
    for number in range(4):
        await centre.lead(f"lead_{number}")
    of_partner = LeadRef(lead_id="lead_p", partner_id="ptr_2", project_id="prj_1")
    await centre.lead("lead_p", lead=of_partner)
    lead_id, token = await centre.claimed()
    assert (await centre.step(lead_id, "callback", token, at=datetime.now(UTC).isoformat())).status_code == 201
    await centre.claimed()
    await centre.returned(ReturnRequestedV1, "lead_0")
    dsn = service.owner_dsn
    before = await service.db.pool.fetchval("SELECT count(*) FROM work_items")
    await _back(dsn, "20261127_campaigns_desk_reports")
    pool = await asyncpg.create_pool(dsn, min_size=1)
    old = "SELECT count(*) FROM work_items WHERE state IN ('queued', 'claimed', 'invalid')"
    assert await pool.fetchval(old) == before
    assert await pool.fetchval("SELECT count(*) FROM claim_timers") > 0
    assert await pool.fetchval("SELECT count(*) FROM places") == 1
    await asyncio.to_thread(migrate, dsn, "assignment_svc")
    assert await pool.fetchval("SELECT count(*) FROM timers WHERE kind = 'idle-claim'") > 0
    assert await pool.fetchval("SELECT count(*) FROM queue") == await pool.fetchval(
        "SELECT count(*) FROM work_items WHERE state = 'queued'"
    )
    await pool.close()
    await service.db.pool.expire_connections()
    assert (await centre.claim()).status_code == 200


_SHAPE = """
SELECT 'column', table_name, column_name::text || ' ' || data_type || ' ' || is_nullable || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
UNION ALL SELECT 'index', tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'check', conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
"""


async def test_o7_5_every_revision_is_undone_and_done_again_with_work_under_way(
    centre: CallCentre, service: ServiceUnderTest
):
    await centre.rules(speed_target_minutes=30)
    for number in range(3):
        await centre.partial(f"lead_{number}", account=Account(external_id="acme", name="Acme"))
    body = {"agent_id": AGENT, "contact_ids": ["lead_0"]}
    assert (await centre.write("POST", f"campaigns/{PROJECT}/target-group", body)).json()["accounts"] == 1
    await centre.claimed()
    dsn = service.owner_dsn
    shape = {tuple(row) for row in await service.db.pool.fetch(_SHAPE)}
    await service.db.pool.expire_connections()
    for revision in ("20261126_timers_callbacks", "20261127_campaigns_desk_reports", "20260102_work_items"):
        await _back(dsn, revision)
        await asyncio.to_thread(migrate, dsn, "assignment_svc")
    await _back(dsn, "20260101_reference")
    await asyncio.to_thread(migrate, dsn, "assignment_svc")
    await _back(dsn, "base")
    pool = await asyncpg.create_pool(dsn, min_size=1)
    left = "SELECT array_agg(table_name::text) FROM information_schema.tables WHERE table_schema = 'public'"
    assert await pool.fetchval(left) == ["alembic_version"]
    await asyncio.to_thread(migrate, dsn, "assignment_svc")
    assert {tuple(row) for row in await pool.fetch(_SHAPE)} == shape
    await pool.close()
