"""S0.12: an outcome counts while it holds; everything can be counted again; days are those of the centre's zone."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from contracts.events.assignment import LeadConvertedV1, LeadInvalidatedV1, LeadReopenedV1, LeadResolvedV1
from contracts.events.intake import (
    LeadAcceptedV1,
    LeadQuarantinedV1,
    LeadReplacedV1,
    LeadUpdatedV1,
    ReplacementUndoneV1,
)
from contracts.events.validation import CaseRejectedV1, CaseReopenedV1
from contracts.events.values import Money, Order, OrderItem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sponsor_svc.statistics.log.rebuild import rebuild_statistics

MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
EVERYTHING = (
    "SELECT * FROM counters WHERE received <> 0 OR resolved <> 0 OR invalid <> 0 OR converted <> 0 ORDER BY 1, 2, 3, 4",
    "SELECT * FROM breakdowns WHERE n <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7",
)
# One lead's way, with the versions that its owners gave: closed and reopened three times, then closed for good.
LIFE: list[tuple[type[Any], dict[str, Any], int]] = [
    (LeadResolvedV1, {}, 4),
    (LeadReopenedV1, {"reason": "again"}, 5),
    (LeadInvalidatedV1, {"agent_id": "usr_2"}, 8),
    (LeadReopenedV1, {"reason": "again"}, 9),
    (LeadResolvedV1, {"disposition": "Sold elsewhere"}, 12),
    (LeadReopenedV1, {"reason": "again"}, 13),
    (LeadResolvedV1, {"disposition": "No need"}, 15),
]


def lines(service: Any) -> Any:
    async def read() -> list[tuple[Any, ...]]:
        return [tuple(row) for query in EVERYTHING for row in await service.db.pool.fetch(query)]

    return read()


def life(events: Any, message_of: Any) -> list[bytes]:
    return [
        message_of(events().of(kind, **more), MORNING + timedelta(hours=version), version)
        for kind, more, version in LIFE
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(disorder=st.permutations(range(len(LIFE) * 2)), batch=st.integers(min_value=1, max_value=14))
async def test_s0_12_a_reopened_outcome_is_taken_back_in_any_order(  # noqa: PLR0917 -- fixtures and parameters
    service: Any, consumer: Any, events: Any, message_of: Any, disorder: list[int], batch: int
):
    await service.as_owner("TRUNCATE counters, breakdowns, facts, inbox")
    bodies = life(events, message_of) * 2
    await consumer.take([bodies[place] for place in disorder], batch)
    totals = await service.db.pool.fetch("SELECT * FROM counters WHERE dimension = 'all' AND grain = 'day'")
    assert [(sum(row["resolved"] for row in totals), sum(row["invalid"] for row in totals))] == [(1, 0)]
    shares = await service.db.pool.fetch(
        "SELECT label, n FROM breakdowns WHERE dimension = 'all' AND grain = 'day' AND n <> 0"
    )
    assert [tuple(row) for row in shares] == [("No need", 1)]


async def test_s0_12_an_outcome_and_its_reopening_side_by_side_see_each_other(
    service: Any, consumer: Any, events: Any, message_of: Any
):
    """Forty leads, each closed by one consumer while another hears of its reopening: nothing stays counted."""
    closed = [message_of(events().of(LeadResolvedV1, number), MORNING, 4) for number in range(40)]
    reopened = [
        message_of(events().of(LeadReopenedV1, number, reason="again"), MORNING, 5) for number in reversed(range(40))
    ]
    await asyncio.gather(*(consumer.take(part, 5) for part in (closed, reopened)))
    assert await service.db.pool.fetchval("SELECT count(*) FROM facts WHERE undone OR reopens") == 80
    assert not await service.db.pool.fetchval("SELECT sum(resolved) FROM counters WHERE grain = 'day'")


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_i2_22_a_replacement_that_is_undone_is_taken_back_in_any_order(
    api: Any, consumer: Any, events: Any, message_of: Any, order: tuple[int, ...]
):
    """Replaced, undone, replaced by another: the last one counts, once."""
    way = ((LeadReplacedV1, 3), (ReplacementUndoneV1, 4), (LeadReplacedV1, 5))
    bodies = [message_of(events().of(kind), MORNING + timedelta(days=n), n) for kind, n in way]
    await consumer.take([bodies[place] for place in (*order, *order)], 1)
    answer = await api.get("statistics?by=day")
    assert answer["totals"]["replaced"] == 1
    assert [(point["at"][:10], point["replaced"]) for point in answer["series"] if point["replaced"]] == [
        ("2026-03-07", 1)
    ]


async def test_s0_12_a_case_that_is_reopened_was_not_rejected(api: Any, consumer: Any, events: Any):
    await consumer.hear(events().of(CaseRejectedV1), sequence=2)
    assert (await api.get("statistics"))["totals"]["validation_rejected"] == 1
    await consumer.hear(events().of(CaseReopenedV1), sequence=3)
    assert (await api.get("statistics"))["totals"]["validation_rejected"] == 0


async def test_s0_12_i2_22_a_replacement_counts_in_its_own_column(api: Any, consumer: Any, events: Any):
    await consumer.hear(events().of(LeadAcceptedV1, 2, replacement_for="lead_1"), events().of(LeadReplacedV1))
    totals = (await api.get("statistics"))["totals"]
    assert (totals["received"], totals["replaced"]) == (0, 1)


# Of a lead that came, and of one that came in the stead of another: what was said, with the versions at intake.
STANDING_IN = [
    ([(LeadAcceptedV1, 1, None), (LeadUpdatedV1, 2, "lead_0")], 0),
    ([(LeadAcceptedV1, 1, None), (LeadUpdatedV1, 2, "lead_0"), (LeadUpdatedV1, 3, None)], 1),
    ([(LeadAcceptedV1, 1, "lead_0")], 0),
    ([(LeadAcceptedV1, 1, "lead_0"), (LeadUpdatedV1, 2, None)], 1),
    ([(LeadAcceptedV1, 1, "lead_0"), (LeadUpdatedV1, 2, None), (LeadUpdatedV1, 3, "lead_9")], 0),
    ([(LeadQuarantinedV1, 1, None), (LeadAcceptedV1, 2, "lead_0")], 0),
]


@pytest.mark.parametrize(("said", "received"), STANDING_IN)
@pytest.mark.parametrize("batch", [1, 10])
async def test_s0_12_i2_22_a_lead_is_received_while_it_stands_in_for_nobody(  # noqa: PLR0917 -- fixtures and parameters
    service: Any, consumer: Any, events: Any, message_of: Any, said: Any, received: int, batch: int
):
    """In any order, also of its product; in the minute when it came."""
    item = OrderItem(product_code="PUMP", quantity=1, unit_price=Money(amount_minor=500, currency="EUR"))
    order = Order(number="1", status="partial", items=[item])

    def told(kind: type[Any], version: int, original: str | None) -> bytes:
        more = {} if kind is LeadQuarantinedV1 else {"replacement_for": original, "order": order}
        return message_of(events().of(kind, **more), MORNING + timedelta(hours=version), version)

    bodies = [told(*each) for each in said]
    products = 0 if said[0][0] is LeadQuarantinedV1 else received
    for disorder in permutations(bodies):
        await service.as_owner("TRUNCATE counters, breakdowns, facts, revised_leads, inbox")
        await consumer.take([*disorder, *disorder], batch)
        query = "SELECT at, received FROM counters WHERE dimension = $1 AND grain = 'minute' AND received <> 0"
        for dimension, expected in (("project", received), ("product", products)):
            rows = [tuple(row) for row in await service.db.pool.fetch(query, dimension)]
            assert rows == [(MORNING + timedelta(hours=1), 1)] * expected


async def test_s0_12_per_product_what_was_received_and_sold(api: Any, consumer: Any, events: Any):
    sponsor = await api.create("sponsors", name="Aurora")
    product = await api.create("products", name="Solar", code="SOLAR-5", sponsor_id=sponsor["id"])
    await api.create("products", name="Pump", code="PUMP", sponsor_id=sponsor["id"])
    price = Money(amount_minor=10_000, currency="EUR")
    items = [
        OrderItem(product_code="solar-5", quantity=2, unit_price=price),
        OrderItem(product_code="SOLAR-5 ", quantity=1, unit_price=price),
        OrderItem(product_code="PUMP", quantity=1, unit_price=Money(amount_minor=500, currency="EUR")),
    ]
    sold = Order(number="1", status="completed", items=items, total=Money(amount_minor=30_500, currency="EUR"))
    of = {"sponsor_id": sponsor["id"]}
    await consumer.hear(events(**of).of(LeadAcceptedV1, order=Order(number="1", status="partial", items=items[:1])))
    await consumer.hear(events(**of).of(LeadConvertedV1, order=sold), sequence=3)
    answer = await api.get(f"statistics?product_id={product['id']}")
    assert (answer["totals"]["received"], answer["totals"]["converted"]) == (1, 1)
    assert answer["converted_value"] == [{"currency": "EUR", "amount_minor": 30_000}]
    assert await api.problem("GET", "statistics?product_id=prd_unknown") == "404 not-found"


@pytest.mark.parametrize("zone", ["UTC", "Europe/Helsinki", "Asia/Kathmandu", "America/St_Johns"])
async def test_s0_12_counted_again_it_is_the_same_and_days_are_the_zones(
    service: Any, consumer: Any, events: Any, message_of: Any, zone: str
):
    await rebuild_statistics(service.db, zone)
    bodies = life(events, message_of)
    bodies += [message_of(events().of(LeadAcceptedV1, n), MORNING + timedelta(hours=7 * n), 1) for n in range(20)]
    await consumer.take(bodies, 7)
    first = await lines(service)
    assert await rebuild_statistics(service.db) == 21
    assert await lines(service) == first
    days = await service.db.pool.fetch(
        "SELECT to_char(at AT TIME ZONE $1, 'HH24:MI') AS begins FROM counters WHERE grain = 'day'", zone
    )
    assert {row["begins"] for row in days} == {"00:00"}


async def test_s0_12_pages_are_answered_while_everything_is_counted_again(
    service: Any, api: Any, consumer: Any, events: Any, message_of: Any
):
    """The rebuild is held up half way: readers see the old figures, and what is counted meanwhile is not lost."""
    await consumer.take([message_of(events().of(LeadAcceptedV1, n), MORNING, 1) for n in range(30)])
    async with service.db.pool.acquire() as connection, connection.transaction():
        for statement in ("LOCK TABLE counters, breakdowns IN EXCLUSIVE MODE", "DELETE FROM counters"):
            await connection.execute(statement)
        assert (await api.get("statistics"))["totals"]["received"] == 30
    rebuilding = asyncio.create_task(rebuild_statistics(service.db))
    late = asyncio.create_task(consumer.take([message_of(events().of(LeadAcceptedV1, 31), MORNING, 1)]))
    await asyncio.gather(rebuilding, late)
    assert (await api.get("statistics"))["totals"]["received"] == 31


async def test_s0_12_what_is_counted_while_the_zone_changes_is_counted_in_the_new_one(
    service: Any, api: Any, consumer: Any, events: Any, message_of: Any
):
    async with service.db.pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute("LOCK TABLE counters, breakdowns IN EXCLUSIVE MODE")
            late = asyncio.create_task(consumer.take([message_of(events().of(LeadAcceptedV1), MORNING, 1)]))
            await api.until_waiting(1)
            await connection.execute("UPDATE statistics_zone SET time_zone = 'Asia/Kathmandu'")
        await late
    first = await lines(service)
    await rebuild_statistics(service.db)
    assert await lines(service) == first
