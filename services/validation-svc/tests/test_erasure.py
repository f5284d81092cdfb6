"""I2.27: nothing of a person stays here, and no late message brings it back."""

import asyncio
from typing import Any

from contracts.events.intake import ErasureRequestedV1, LeadUpdatedV1
from contracts.events.validation import CaseOpenedV1, ErasureCompletedV1
from contracts.ids import new_uuid
from servicekit.testing import ServiceUnderTest

ERASE = ErasureRequestedV1(erasure_id="era_1", lead_ids=["lead_0001", "lead_0009"])
# Rows of the outbox are on their way to RabbitMQ, and gone in milliseconds.
TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'outbox'
"""


async def holds(service: ServiceUnderTest, needle: str) -> list[str]:
    """The tables with a row that has the text anywhere."""
    tables = [row["table_name"] for row in await service.db.pool.fetch(TABLES)]
    found: list[str] = []
    for table in tables:
        count = f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%' || $1 || '%'"
        raw = f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%' || encode($1::bytea, 'hex') || '%'"
        if await service.db.pool.fetchval(count, needle) or await service.db.pool.fetchval(raw, needle.encode()):
            found.append(table)
    return found


async def test_i2_27_erasure_leaves_nothing_personal_and_gives_a_receipt(
    service: ServiceUnderTest, make_lead: Any, decide: Any
):
    """Notes, content, and answers kept for Idempotency-Key; other leads stay."""
    for number in (1, 2):
        await service.deliver(make_lead(number))
    keyed = service.headers("call_centre", user_id="usr_v") | {"Idempotency-Key": "k"}
    assert (await decide("lead_0001", "unconfirmed", note="has a cold", headers=keyed)).status_code == 200
    for needle in ("+358400000001", "has a cold"):
        assert await holds(service, needle) != []
    await service.deliver(ERASE)
    for needle in ("+358400000001", "has a cold"):
        assert await holds(service, needle) == []
    assert await holds(service, "+358400000002") == ["cases"]
    [receipt] = await service.published(ErasureCompletedV1)
    assert isinstance(receipt, ErasureCompletedV1)
    assert receipt.erasure_id == "era_1"
    assert {table: count for table, count in receipt.removed.items() if count} == {
        "cases": 1,
        "case_notes": 1,
        "idempotency_keys": 1,
    }
    gone = await service.http.get("/v1/validation/cases/lead_0001", headers=service.headers())
    assert gone.status_code == 404
    assert (await decide("lead_0001", "confirmed")).status_code == 404


async def test_i2_27_a_replay_does_not_resurrect(service: ServiceUnderTest, make_lead: Any):
    """Neither of a lead that had a case, nor of one whose acceptance comes after its erasure."""
    await service.deliver(make_lead(1))
    await service.deliver(ERASE)
    await service.deliver(make_lead(1), 1)
    await service.deliver(make_lead(1, kind=LeadUpdatedV1), 2)
    await service.deliver(make_lead(9), 1)
    assert await service.db.pool.fetchval("SELECT count(*) FROM cases") == 0
    assert len(await service.published(CaseOpenedV1)) == 1


async def test_i2_27_a_repeated_erasure_is_harmless(service: ServiceUnderTest, make_lead: Any):
    """The same message: one receipt. Asked for again: a receipt that nothing was left."""
    message_id = new_uuid()
    await service.deliver(make_lead(1))
    for _ in range(3):
        await service.deliver(ERASE, message_id=message_id)
    assert len(await service.published(ErasureCompletedV1)) == 1
    await service.deliver(ERASE)
    receipt = (await service.published(ErasureCompletedV1))[-1]
    assert isinstance(receipt, ErasureCompletedV1)
    assert set(receipt.removed.values()) == {0}


async def test_i2_27_acceptance_and_erasure_at_once_leave_nothing(service: ServiceUnderTest, make_lead: Any):
    """In whichever order they come to the database."""
    for round_number in range(12):
        number = 100 + round_number
        lead_id = f"lead_{number:04}"
        erase = ErasureRequestedV1(erasure_id=f"era_{number}", lead_ids=[lead_id])
        await asyncio.gather(service.deliver(make_lead(number)), service.deliver(erase))
    assert await service.db.pool.fetchval("SELECT count(*) FROM cases") == 0


async def test_i2_27_a_person_without_leads_gets_a_receipt_too(service: ServiceUnderTest):
    await service.deliver(ErasureRequestedV1(erasure_id="era_0", lead_ids=[]))
    (receipt,) = await service.published(ErasureCompletedV1)
    assert isinstance(receipt, ErasureCompletedV1)
    assert set(receipt.removed.values()) == {0}
