"""V4.9: after delivery only billable flips, with a reason."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from contracts.envelope import decode_envelope
from contracts.events.notify import WebhookDeliveredV1
from contracts.events.validation import CaseConfirmedV1, LeadInvalidatedV1, LeadRevalidatedV1
from servicekit.testing import ServiceUnderTest


@pytest.fixture
def flip(service: ServiceUnderTest) -> Any:
    """As the sponsor of the leads, or as whoever `level` and `sponsor_id` say."""

    async def post(
        *,
        billable: bool,
        lead_id: str = "lead_0001",
        level: str = "sponsor",
        sponsor_id: str = "spo_secret",
        **body: Any,
    ) -> Any:
        return await service.http.post(
            f"/v1/validation/cases/{lead_id}/billable",
            json={"billable": billable, "reason": "wrong person"} | body,
            headers=service.headers(level, user_id="usr_s", sponsor_id=sponsor_id),
        )

    return post


async def delivered(service: ServiceUnderTest, make_lead: Any, purpose: str = "delivery") -> None:
    event = WebhookDeliveredV1(
        delivery_id="del_1",
        endpoint_id="end_1",
        cause_id="evt_1",
        cause_type=CaseConfirmedV1.type,
        purpose=purpose,
        lead=make_lead(1).lead,
    )
    await service.deliver(event)


async def test_v4_9_the_client_flips_billable_and_the_contact_status_stays(
    service: ServiceUnderTest, make_lead: Any, decide: Any, flip: Any
):
    """Each flip an event with the case's next version; the same word again 409; the reasons are kept as notes."""
    await service.deliver(make_lead())
    early = await flip(billable=False)
    assert (early.status_code, early.json()["code"]) == (409, "not-delivered")
    await decide("lead_0001", "confirmed")
    off = await flip(billable=False)
    assert off.status_code == 200
    assert off.json() == {
        "lead_id": "lead_0001",
        "billable": False,
        "contact_status": "confirmed",
        "version": 3,
        "delivered_at": None,
    }
    again = await flip(billable=False)
    assert (again.status_code, again.json()["code"]) == (409, "billable-unchanged")
    assert (await flip(billable=True, reason="sorry")).json()["contact_status"] == "confirmed"
    invalidated, revalidated = await service.published(LeadInvalidatedV1, LeadRevalidatedV1)
    assert isinstance(invalidated, LeadInvalidatedV1)
    assert isinstance(revalidated, LeadRevalidatedV1)
    assert (invalidated.reason, invalidated.actor, invalidated.lead) == ("wrong person", "usr_s", make_lead().lead)
    rows = await service.db.pool.fetch("SELECT body FROM outbox ORDER BY position")
    assert [decode_envelope(row["body"]).sequence for row in rows] == [1, 2, 3, 4]
    case = (await service.http.get("/v1/validation/cases/lead_0001", headers=service.headers())).json()
    assert (case["status"], case["billable"]) == ("confirmed", True)
    assert [(note["status"], note["text"]) for note in case["notes"]] == [
        ("invalidated", "wrong person"),
        ("revalidated", "sorry"),
    ]
    validators = service.headers("call_centre")
    case = (await service.http.get("/v1/validation/cases/lead_0001", headers=validators)).json()
    assert case["notes"] == []
    for headers, there in ((validators, False), (service.headers(), True)):
        exported = (await service.http.get("/v1/validation/export", headers=headers)).text
        assert ("wrong person; sorry" in exported) is there


@pytest.mark.parametrize("after", ["deliver", "both"])
async def test_v4_9_a_lead_that_is_delivered_by_webhook_is_the_clients_once_it_arrived(
    service: ServiceUnderTest, make_lead: Any, decide: Any, flip: Any, after: str
):
    """An event that a webhook told is no delivery of the lead. Admins need not wait."""
    await service.deliver(make_lead(after_validation=after))
    await decide("lead_0001", "confirmed")
    await delivered(service, make_lead, purpose="event")
    assert (await flip(billable=False)).json()["code"] == "not-delivered"
    assert (await flip(billable=False, level="admin")).status_code == 200
    await delivered(service, make_lead)
    answer = await flip(billable=True)
    assert answer.status_code == 200
    arrived = answer.json()["delivered_at"]
    assert arrived is not None
    await delivered(service, make_lead)
    assert (await flip(billable=False)).json()["delivered_at"] == arrived, "the first of two endpoints counts"


async def test_v4_9_a_foreign_lead_answers_as_an_unknown_one(
    service: ServiceUnderTest, make_lead: Any, decide: Any, flip: Any
):
    await service.deliver(make_lead())
    await decide("lead_0001", "confirmed")
    answers = [await flip(billable=False, sponsor_id="spo_other"), await flip(billable=False, lead_id="lead_none")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({tuple(sorted((k, str(v)) for k, v in a.json().items() if k != "request_id")) for a in answers}) == 1
    for level in ("call_centre", "supervisor", "partner", "leads_agent"):
        assert (await flip(billable=False, level=level)).status_code == 403
    body = {"billable": False, "reason": "x"}
    nobodys, closed = service.headers("sponsor"), service.headers("sponsor", sponsor_id="spo_secret", pages=["exports"])
    for headers in (nobodys, closed):
        answer = await service.http.post("/v1/validation/cases/lead_0001/billable", json=body, headers=headers)
        assert answer.status_code == 403
    assert await service.published(LeadInvalidatedV1) == []


async def test_s0_11_an_agency_flips_the_leads_of_each_of_its_sponsors(
    service: ServiceUnderTest, make_lead: Any, decide: Any
):
    await service.deliver(make_lead())
    await decide("lead_0001", "confirmed")
    answer = await service.http.post(
        "/v1/validation/cases/lead_0001/billable",
        json={"billable": False, "reason": "x"},
        headers=service.headers("sponsor", sponsor_ids=["spo_other", "spo_secret"], pages=["leads"]),
    )
    assert answer.status_code == 200


async def test_v4_9_of_32_flips_at_once_one_counts(service: ServiceUnderTest, make_lead: Any, decide: Any, flip: Any):
    await service.deliver(make_lead())
    await decide("lead_0001", "confirmed")
    answers = await asyncio.gather(*(flip(billable=False) for _ in range(32)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 31}
    assert len(await service.published(LeadInvalidatedV1)) == 1


async def test_v4_9_what_intake_found_not_billable_is_not(
    service: ServiceUnderTest, make_lead: Any, decide: Any, flip: Any
):
    """I2.17: delivered though caution. Only a person makes it billable."""
    await service.deliver(make_lead(billable=False))
    await decide("lead_0001", "confirmed")
    assert (await flip(billable=False)).json()["code"] == "billable-unchanged"
    assert (await flip(billable=True)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [{"billable": "no"}, {"reason": ""}, {"reason": "x" * 4001}, {"contact_status": "rejected"}, {"actor": "usr_x"}],
)
async def test_odd_flips_are_refused(service: ServiceUnderTest, make_lead: Any, decide: Any, flip: Any, body: Any):
    await service.deliver(make_lead())
    await decide("lead_0001", "confirmed")
    billable = body.pop("billable", False)
    assert (await flip(billable=billable, **body)).status_code == 422
