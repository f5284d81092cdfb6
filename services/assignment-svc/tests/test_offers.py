"""A3.14: written confirmation."""

from assignment_svc.testing import AGENT, CallCentre
from contracts.events.assignment import OfferAcceptedV1, OfferLapsedV1, OfferSentV1
from contracts.events.sponsor import OfferRules
from httpx2 import Response


async def _demanding(centre: CallCentre, days: int = 14) -> None:
    await centre.project(written_confirmation=True, offer=OfferRules(lapse_days=days))


async def _offered(centre: CallCentre) -> None:
    await centre.partial()
    _, token = await centre.claimed()
    answer = await centre.step("lead_1", "offer", token)
    assert answer.status_code == 201, answer.text


async def _accept(centre: CallCentre) -> Response:
    lock = await centre.step("lead_1", "lock")
    return await centre.step("lead_1", "offer/accept", lock.json()["token"])


async def test_a3_14_an_offer_that_is_accepted_in_writing_converts_the_lead(centre: CallCentre):
    await _demanding(centre)
    await _offered(centre)
    assert await centre.state_of() == "offer_sent"
    assert (await centre.claim()).status_code == 204
    answer = await _accept(centre)
    assert (answer.status_code, answer.json()["state"]) == (200, "converted")
    assert answer.json()["order"]["status"] == "completed"
    assert (await centre.told())[2:] == [
        "offer.sent 3",
        "offer.accepted 4",
        "order.completed 5",
        "lead.converted 6",
    ]
    assert [type(event) for event in await centre.service.published(OfferSentV1, OfferAcceptedV1)] == [
        OfferSentV1,
        OfferAcceptedV1,
    ]
    assert (await centre.step("lead_1", "offer/accept", None)).status_code in {409, 423}


async def test_a3_14_an_offer_lapses_after_the_projects_days(centre: CallCentre):
    await _demanding(centre, days=3)
    await _offered(centre)
    await centre.pass_time(days=2, hours=23)
    assert await centre.state_of() == "offer_sent"
    await centre.pass_time(hours=2)
    item = await centre.item()
    assert (item["state"], item["reason"], item["agent_id"]) == ("resolved", "offer-lapsed", AGENT)
    assert (await centre.told())[3:] == ["offer.lapsed 4", "lead.resolved 5"]
    assert len(await centre.service.published(OfferLapsedV1)) == 1
    headers = centre.service.headers("supervisor")
    late = await centre.service.http.post("/v1/work-items/lead_1/offer/accept", headers=headers)
    assert (late.status_code, late.json()["code"]) == (409, "no-offer")


async def test_a3_14_without_acceptance_no_order_is_completed(centre: CallCentre):
    await _demanding(centre)
    await centre.partial()
    _, token = await centre.claimed()
    order_id = (await centre.item())["order"]["id"]
    refused = await centre.step("lead_1", "convert", token)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-confirmed")
    headers = centre.as_agent(token=token)
    refused = await centre.service.http.post(f"/v1/orders/{order_id}/complete", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-confirmed")
    assert (await centre.item())["order"]["status"] == "partial"


async def test_a3_14_an_offer_needs_an_order_and_a_campaign_that_asks_for_it(centre: CallCentre):
    await centre.partial("lead_1")
    _, token = await centre.claimed()
    refused = await centre.step("lead_1", "offer", token)
    assert (refused.status_code, refused.json()["code"]) == (409, "no-written-confirmation")
    await _demanding(centre)
    await centre.lead("lead_2")
    _, token = await centre.claimed()
    refused = await centre.step("lead_2", "offer", token)
    assert (refused.status_code, refused.json()["code"]) == (422, "no-order")
