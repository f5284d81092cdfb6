"""A lead goes back: work stops, the partner hears of it and answers, a credit is entered, a replacement comes."""

from typing import Any

from harness.api import Api
from harness.centre import Centre
from harness.eventually import eventually
from harness.people import lead


async def told(centre: Centre, lead_id: str, *events: str) -> None:
    async def ask() -> bool:
        entries = (await centre.admin.get(f"/v1/leads/{lead_id}/timeline"))["data"]
        heard = {entry["event"] for entry in entries}
        assert set(events) <= heard, set(events) - heard
        return True

    await eventually(ask)


async def status_is(centre: Centre, lead_id: str, wanted: str) -> None:
    async def ask() -> bool:
        found = await centre.admin.get(f"/v1/leads/{lead_id}")
        assert found["status"] == wanted, found["status"]
        return True

    await eventually(ask)


async def claimed(agent: Api, centre: Centre) -> Any:
    async def ask() -> Any:
        answer = await agent.post("/v1/queue/claim", {"project_id": centre.project_id})
        assert answer is not None, "nothing eligible yet"
        return answer

    return await eventually(ask)


async def returned(centre: Centre, lead_id: str) -> str:
    body = {"lead_ids": [lead_id], "reason": "wrong number", "comment": "three calls, never the right person"}
    (result,) = (await centre.admin.post("/v1/returns", body))["results"]
    assert result["status"] == "ok", result
    return str(result["id"])


async def test_i2_13_a_return_from_the_request_to_the_replacement(centre: Any) -> None:
    """I2.13, N2.9, I2.22: the agent loses the lead at once, the partner gets a mail and accepts, one credit, one
    replacement that is not billed.
    """
    here: Centre = await centre()
    partner_id = here.partner_ids[0]
    mailbox = f"returns.{partner_id}@mails.example".lower()
    price = {"amount_minor": 1250, "currency": "EUR"}
    settings = {"return_notification_emails": [mailbox], "lead_price": price}
    await here.admin.patch(f"/v1/partners/{partner_id}", settings)
    pushed = await here.partners[0].post("/v1/leads", lead(1, here.project_id))
    answer = await claimed(here.agents[0], here)
    token = str(answer["lock"]["token"])
    await status_is(here, pushed["id"], "claimed")

    return_id = await returned(here, pushed["id"])
    await told(here, pushed["id"], "intake.return.requested.v1", "assignment.lead.withdrawn.v1")
    item = f"/v1/work-items/{pushed['id']}"
    late = await here.agents[0].request(
        "POST", f"{item}/resolve", json={"disposition_id": here.disposition_id}, headers={"Lock-Token": token}
    )
    assert late.status_code in {403, 404, 409, 423}
    assert await here.agents[1].post("/v1/queue/claim", {"project_id": here.project_id}) is None

    async def mailed() -> bool:
        mails = (await here.admin.get("/v1/emails", lead_id=pushed["id"]))["data"]
        return mailbox in {mail["recipient"] for mail in mails}

    await eventually(mailed)
    shown = await here.partners[0].get(f"/v1/returns/{return_id}")
    assert (shown["state"], shown["comment"]) == ("requested", None)
    assert (await here.partners[0].post(f"/v1/returns/{return_id}/accept", {}))["state"] == "accepted"
    await status_is(here, pushed["id"], "returned")
    entered = (await here.partners[0].get(f"/v1/partners/{partner_id}/credits"))["data"]
    assert [(credit["return_id"], credit["amount"]) for credit in entered] == [(return_id, price)]

    again = await here.partners[0].post("/v1/leads", {**lead(1, here.project_id), "external_id": "the-same-person"})
    assert (again["status"], again["reason"]) == ("rejected", "returned-before")
    instead = lead(2, here.project_id, replacement_for=pushed["id"])
    replacement = await here.partners[0].post("/v1/leads", instead)
    await status_is(here, replacement["id"], "queued")
    assert (await here.admin.get(f"/v1/leads/{replacement['id']}"))["billable"] is False
    second = await here.partners[0].request(
        "POST", "/v1/leads", json=lead(3, here.project_id, replacement_for=pushed["id"])
    )
    assert (second.status_code, second.json()["code"]) == (409, "replacement-exists")


async def test_i2_13_a_declined_return_gives_the_lead_back_to_work(centre: Any) -> None:
    """Queued before, queued after; a dispute stops the work again."""
    here: Centre = await centre()
    pushed = await here.partners[0].post("/v1/leads", lead(1, here.project_id))
    await status_is(here, pushed["id"], "queued")
    return_id = await returned(here, pushed["id"])
    await told(here, pushed["id"], "assignment.lead.withdrawn.v1")
    await here.partners[0].post(f"/v1/returns/{return_id}/decline", {"answer": "the number is right"})
    await told(here, pushed["id"], "assignment.lead.restored.v1")
    await status_is(here, pushed["id"], "queued")
    await here.admin.post(f"/v1/returns/{return_id}/dispute", {})
    await status_is(here, pushed["id"], "return_hold")
    assert await here.agents[0].post("/v1/queue/claim", {"project_id": here.project_id}) is None
    await here.admin.post(f"/v1/returns/{return_id}/decline", {})
    assert (await claimed(here.agents[0], here))["work_item"]["lead_id"] == pushed["id"]
