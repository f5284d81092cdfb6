"""V4.4: attempts, up to the maximum."""

from typing import Any

from contracts.envelope import decode_envelope
from contracts.events.validation import CaseAttemptedV1, CaseConfirmedV1, CaseExhaustedV1, CaseOpenedV1
from servicekit.testing import ServiceUnderTest


async def test_v4_4_attempts_up_to_the_maximum_then_an_admin_decides(
    service: ServiceUnderTest, make_lead: Any, decide: Any
):
    """V4.4: five attempts, then exhausted: validators get 409, an admin settles it; sequence is the case's version."""
    await service.deliver(make_lead())
    states = [(await decide("lead_0001", "unconfirmed", note=f"no answer {n}")).json()["status"] for n in range(5)]
    assert states == ["unconfirmed"] * 4 + ["exhausted"]
    refused = await decide("lead_0001", "confirmed")
    assert (refused.status_code, refused.json()["code"]) == (409, "case-already-decided")
    assert (await decide("lead_0001", "unconfirmed", headers=service.headers())).status_code == 409
    settled = await decide("lead_0001", "confirmed", headers=service.headers())
    assert (settled.status_code, settled.json()["contact_status"], settled.json()["attempts"]) == (200, "confirmed", 5)
    events = await service.published()
    expected = [CaseOpenedV1, *[CaseAttemptedV1] * 4, CaseExhaustedV1, CaseConfirmedV1]
    assert [type(event) for event in events] == expected
    assert [event.attempts for event in events if isinstance(event, CaseExhaustedV1)] == [5]
    rows = await service.db.pool.fetch("SELECT body FROM outbox ORDER BY position")
    assert [decode_envelope(row["body"]).sequence for row in rows] == list(range(1, 8))


async def test_a_repeated_idempotency_key_counts_one_attempt(service: ServiceUnderTest, make_lead: Any, decide: Any):
    await service.deliver(make_lead())
    headers = service.headers("call_centre") | {"Idempotency-Key": "k1"}
    first, second = [await decide("lead_0001", "unconfirmed", headers=headers) for _ in range(2)]
    assert (first.json(), second.headers["idempotent-replayed"]) == (second.json(), "true")
    assert first.json()["attempts"] == 1


async def test_v4_4_the_project_says_how_many_attempts(
    service: ServiceUnderTest, make_lead: Any, decide: Any, tell_project: Any
):
    """Without a word of the project, the setting (5) holds."""
    await tell_project(1, max_attempts=2)
    await service.deliver(make_lead(1))
    await service.deliver(make_lead(2, project_id="prj_unknown"))
    assert [(await decide("lead_0001", "unconfirmed")).json()["status"] for _ in range(2)] == [
        "unconfirmed",
        "exhausted",
    ]
    assert [(await decide("lead_0002", "unconfirmed")).json()["status"] for _ in range(5)][-2:] == [
        "unconfirmed",
        "exhausted",
    ]
