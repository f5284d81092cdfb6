"""S0.12, I2.16: a lead that is sent again for another contact list takes its figures along, whenever that is heard."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events.assignment import AttemptLoggedV1, LeadReopenedV1, LeadResolvedV1
from contracts.events.intake import LeadAcceptedV1, LeadMovedV1, LeadQuarantinedV1, LeadUpdatedV1
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sponsor_svc.statistics.log.rebuild import rebuild_statistics

MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
# What is said, with the version that its owner gave, and the list that the lead was in as far as that one knew.
LIFE: list[tuple[type[Any], dict[str, Any], int, str | None]] = [
    (LeadQuarantinedV1, {}, 1, "lst_1"),
    (LeadMovedV1, {}, 2, "lst_0"),
    (LeadAcceptedV1, {"hold": True}, 3, "lst_2"),
    (LeadUpdatedV1, {}, 4, None),
    (AttemptLoggedV1, {"contacted": True, "started_at": MORNING + timedelta(seconds=77)}, 2, "lst_2"),
    (LeadResolvedV1, {}, 3, None),
    (LeadReopenedV1, {"reason": "again"}, 4, None),
    (LeadUpdatedV1, {}, 5, "lst_3"),
    (LeadResolvedV1, {"disposition": "No need"}, 6, "lst_3"),
]
BY_LIST = """
SELECT entity_id, quarantined, held, attempts, contacted, resolved FROM counters
WHERE dimension = 'contact_list' AND grain = $1 AND received + held + attempts + resolved + quarantined <> 0
"""
SHARES = "SELECT entity_id, kind, label, n FROM breakdowns WHERE dimension = 'contact_list' AND grain = $1 AND n <> 0"


def life(events: Any, message_of: Any) -> list[bytes]:
    return [
        message_of(replace(events(), contact_list_id=in_list).of(kind, **more), MORNING + timedelta(minutes=n), version)
        for n, (kind, more, version, in_list) in enumerate(LIFE)
    ]


async def totals(service: Any, grain: str = "day") -> tuple[list[Any], list[Any]]:
    rows = [tuple(row) for row in await service.db.pool.fetch(BY_LIST, grain)]
    return rows, sorted(tuple(row)[:2] + tuple(row)[3:] for row in await service.db.pool.fetch(SHARES, grain))


MOVED = ([("lst_3", 1, 1, 1, 1, 1)], [("lst_3", "resolved", 1), ("lst_3", "speed", 1)])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(disorder=st.permutations(range(len(LIFE) * 2)), batch=st.integers(min_value=1, max_value=16))
async def test_s0_12_i2_16_the_last_list_has_it_all_in_any_order(  # noqa: PLR0917 -- fixtures and parameters
    service: Any, consumer: Any, events: Any, message_of: Any, disorder: list[int], batch: int
):
    await service.as_owner("TRUNCATE counters, breakdowns, facts, revised_leads, inbox")
    bodies = life(events, message_of) * 2
    await consumer.take([bodies[place] for place in disorder], batch)
    assert await totals(service) == MOVED
    everywhere = "SELECT sum(resolved) FROM counters WHERE dimension = 'project' AND grain = 'day'"
    assert await service.db.pool.fetchval(everywhere) == 1
    await rebuild_statistics(service.db)
    assert await totals(service) == MOVED
    assert len((await totals(service, "minute"))[0]) == 4, "what happened, happened when it happened"


async def test_s0_12_a_move_and_what_happens_to_the_lead_side_by_side_see_each_other(
    service: Any, consumer: Any, events: Any, message_of: Any
):
    """Forty leads, each called as one consumer hears while another hears that it was moved: none is left behind."""
    old, new = replace(events(), contact_list_id="lst_1"), replace(events(), contact_list_id="lst_2")
    called = [message_of(old.of(AttemptLoggedV1, number), MORNING, 4) for number in range(40)]
    moved = [message_of(new.of(LeadUpdatedV1, number), MORNING, 5) for number in reversed(range(40))]
    await asyncio.gather(*(consumer.take(part, 5) for part in (called, moved)))
    query = "SELECT sum(attempts) FROM counters WHERE entity_id = $1 AND grain = 'day'"
    assert await service.db.pool.fetchval(query, "lst_2") == 40
    assert not await service.db.pool.fetchval(query, "lst_1")


async def test_s0_12_a_move_waits_for_what_is_being_counted_of_the_lead(
    service: Any, api: Any, consumer: Any, events: Any, message_of: Any
):
    """The call is held up when it has looked for moves and is not committed: the move must not miss it."""
    old, new = replace(events(), contact_list_id="lst_1"), replace(events(), contact_list_id="lst_2")
    async with service.db.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE counters IN EXCLUSIVE MODE")
        called = asyncio.create_task(consumer.take([message_of(old.of(AttemptLoggedV1), MORNING, 4)]))
        await api.until_waiting(1)
        moved = asyncio.create_task(consumer.take([message_of(new.of(LeadUpdatedV1), MORNING, 5)]))
        await api.until_waiting(2)
    await asyncio.gather(called, moved)
    assert [row[0] for row in (await totals(service))[0]] == ["lst_2"]


async def test_s0_12_i2_16_a_lead_that_stays_in_quarantine_takes_its_figures_along(
    service: Any, consumer: Any, events: Any, message_of: Any
):
    old, new = replace(events(), contact_list_id="lst_1"), replace(events(), contact_list_id="lst_2")
    said = [message_of(old.of(LeadQuarantinedV1), MORNING, 1), message_of(new.of(LeadMovedV1), MORNING, 2)]
    for order in (said, said[::-1]):
        await service.as_owner("TRUNCATE counters, breakdowns, facts, revised_leads, inbox")
        await consumer.take(order, 1)
        assert (await totals(service))[0] == [("lst_2", 1, 0, 0, 0, 0)]
