"""S0.12, guarantees 2 and 4: repeated, swapped or side by side, the counters are those of the quiet run."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events.assignment import AttemptLoggedV1, LeadClaimedV1, LeadConvertedV1, LeadResolvedV1
from contracts.events.intake import LeadAcceptedV1, LeadRejectedV1
from contracts.events.values import Money, Order
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SALE = Order(number="1", status="completed", total=Money(amount_minor=500, currency="EUR"))
KINDS: list[tuple[type[Any], dict[str, Any]]] = [
    (LeadAcceptedV1, {"hold": True}),
    (LeadRejectedV1, {"reason": "duplicate"}),
    (LeadRejectedV1, {"reason": "suppressed"}),
    (LeadClaimedV1, {"agent_id": "usr_1"}),
    (LeadClaimedV1, {"agent_id": "usr_2"}),
    (AttemptLoggedV1, {"contacted": True, "started_at": MORNING + timedelta(seconds=77)}),
    (AttemptLoggedV1, {"number": 2}),
    (LeadResolvedV1, {}),
    (LeadConvertedV1, {"order": SALE}),
]
EVERYTHING = (
    """
    SELECT dimension, entity_id, grain, at, sponsor_id, received, rejected, quarantined, held, confirmed,
        validation_rejected, queued, claimed, attempts, contacted, resolved, converted, invalid, returned, replaced
    FROM counters ORDER BY 1, 2, 3, 4, 5
    """,
    "SELECT * FROM breakdowns ORDER BY 1, 2, 3, 4, 5, 6, 7",
)

happenings = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from([("spo_a", "prj_a"), ("spo_b", "prj_b"), (None, "prj_c")]),
    st.integers(min_value=0, max_value=3_000),  # minutes: several hours and days
)


async def counted(service: Any) -> list[tuple[Any, ...]]:
    """Everything, and nothing is left."""
    rows = [tuple(row) for query in EVERYTHING for row in await service.db.pool.fetch(query)]
    await service.as_owner("TRUNCATE counters, breakdowns, facts, inbox")
    return rows


def bodies_of(told: Sequence[Any], events: Any, message_of: Any) -> list[bytes]:
    return [
        message_of(events(*of).of(kind, number, **more), MORNING + timedelta(minutes=minutes), 1)
        for number, ((kind, more), of, minutes) in enumerate(told)
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(happenings, min_size=1, max_size=30),
    disorder=st.randoms(use_true_random=False),
    batch=st.integers(min_value=1, max_value=40),
)
async def test_s0_12_repeats_and_swaps_change_nothing(  # noqa: PLR0917 -- fixtures and parameters
    service: Any, consumer: Any, events: Any, message_of: Any, told: Any, disorder: Any, batch: int
):
    bodies = bodies_of(told, events, message_of)
    await consumer.take(bodies)
    quiet = await counted(service)
    disturbed = bodies * 3
    disorder.shuffle(disturbed)
    await consumer.take(disturbed, batch)
    assert await counted(service) == quiet


async def test_s0_12_consumers_side_by_side_lose_and_double_nothing(
    service: Any, consumer: Any, events: Any, message_of: Any
):
    """Eight consumers, the same rows, each message handed to two of them: no deadlock, and the sums are exact."""
    told = [
        (KINDS[number % len(KINDS)], (("spo_a", "prj_a"), ("spo_b", "prj_b"))[number % 2], number % 60)
        for number in range(1_200)
    ]
    bodies = bodies_of(told, events, message_of)
    await consumer.take(bodies)
    quiet = await counted(service)
    shares = [bodies[part::4][::direction] for part in range(4) for direction in (1, -1)]
    await asyncio.gather(*(consumer.take(share, 25) for share in shares))
    assert await service.db.pool.fetchval("SELECT count(*) FROM inbox") == 1_200
    assert await counted(service) == quiet


async def test_s0_12_what_comes_after_the_inbox_has_forgotten_it_is_not_counted_again(
    service: Any, consumer: Any, events: Any, message_of: Any
):
    bodies = bodies_of([(kind, ("spo_a", "prj_a"), 5) for kind in KINDS], events, message_of)
    await consumer.take(bodies)
    once = [tuple(row) for query in EVERYTHING for row in await service.db.pool.fetch(query)]
    await service.as_owner("TRUNCATE inbox")
    await consumer.take(bodies)
    assert await counted(service) == once


async def test_guarantee_2_counters_and_inbox_commit_together(
    service: Any, consumer: Any, events: Any, message_of: Any
):
    """The connection dies after the addition and before its commit: nothing is left of it, and the next try counts."""
    body = message_of(events().of(LeadAcceptedV1), MORNING, 1)
    await service.as_owner(
        "CREATE SEQUENCE deaths",
        """
        CREATE FUNCTION die_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('deaths') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
            RETURN NULL;
        END $$
        """,
        """
        CREATE CONSTRAINT TRIGGER die AFTER INSERT ON breakdowns DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION die_once()
        """,
    )
    rejected = message_of(events().of(LeadRejectedV1), MORNING, 1)
    await consumer.take([body, rejected])
    await consumer.take([rejected, body])
    rows = "SELECT received, rejected FROM counters WHERE dimension = 'all' AND grain = 'day'"
    assert [tuple(row) for row in await service.db.pool.fetch(rows)] == [(2, 1)]
    assert await service.db.pool.fetchval("SELECT last_value FROM deaths") > 1
