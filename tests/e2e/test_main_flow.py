"""The main job, from the partner's push to the sponsor's figures, against the published API only."""

from typing import Any

import pytest
from contracts.ids import new_uuid
from harness.api import Api, Refused, client
from harness.centre import Centre
from harness.eventually import eventually
from harness.people import lead
from harness.platform import Platform


async def push(centre: Centre, number: int = 1, **more: Any) -> Any:
    """The project may have been made a moment ago (ADR 25)."""
    return await centre.partners[0].post("/v1/leads", lead(number, centre.project_id, **more))


async def claimed(agent: Api, centre: Centre) -> Any:
    """The next lead of the centre's project; asked again until one is eligible."""

    async def ask() -> Any:
        answer = await agent.post("/v1/queue/claim", {"project_id": centre.project_id})
        assert answer is not None, "nothing eligible yet"
        return answer

    return await eventually(ask)


async def status_of(centre: Centre, lead_id: str, wanted: str) -> Any:
    async def ask() -> Any:
        found = await centre.admin.get(f"/v1/leads/{lead_id}")
        assert found["status"] == wanted, found["status"]
        return found

    return await eventually(ask)


async def test_a_lead_is_pushed_claimed_called_and_resolved(centre: Any) -> None:
    """A2.5, A1.3, I2.26's status: the public status follows the work item, and the timeline tells it all."""
    here: Centre = await centre()
    pushed = await push(here)
    assert pushed["status"] == "accepted"
    assert (pushed["location"], pushed["held"], pushed["problems"]) == ("queue", False, [])
    await status_of(here, pushed["id"], "queued")

    answer = await claimed(here.agents[0], here)
    assert answer["work_item"]["lead_id"] == pushed["id"]
    assert answer["work_item"]["person"]["phone"] == lead(1, here.project_id)["phone"]
    token = str(answer["lock"]["token"])
    await status_of(here, pushed["id"], "claimed")

    item = f"/v1/work-items/{pushed['id']}"
    await here.agents[0].post(f"{item}/attempts", {"outcome": "answered"}, Lock_Token=token)
    body = {"disposition_id": here.disposition_id, "note": "not now"}
    await here.agents[0].post(f"{item}/resolve", body, Lock_Token=token)
    await status_of(here, pushed["id"], "resolved")

    async def timeline() -> Any:
        entries = (await here.admin.get(f"/v1/leads/{pushed['id']}/timeline"))["data"]
        told = {entry["event"] for entry in entries}
        wanted = {
            "intake.lead.accepted.v1",
            "assignment.lead.queued.v1",
            "assignment.lead.claimed.v1",
            "assignment.attempt.logged.v1",
            "assignment.lead.resolved.v1",
            "notify.email.sent.v1",
        }
        assert wanted <= told, wanted - told
        assert [entry["at"] for entry in entries] == sorted((entry["at"] for entry in entries), reverse=True)
        return entries

    await eventually(timeline)


async def test_nobody_else_writes_to_a_claimed_lead(centre: Any) -> None:
    """A3.9: without the lock's token, with an old one, or as another agent, nothing is written."""
    here: Centre = await centre()
    pushed = await push(here)
    answer = await claimed(here.agents[0], here)
    item = f"/v1/work-items/{pushed['id']}"
    body = {"disposition_id": here.disposition_id}
    for agent, token, status in (
        (here.agents[0], "0", 423),
        (here.agents[1], str(answer["lock"]["token"]), 404),
    ):
        with pytest.raises(Refused) as refused:
            await agent.post(f"{item}/resolve", body, Lock_Token=token)
        assert refused.value.status == status
    assert await here.agents[1].post("/v1/queue/claim", {"project_id": here.project_id}) is None


async def test_a_completed_order_converts_the_lead(centre: Any) -> None:
    """A1.11: and its value reaches the sponsor's statistics."""
    here: Centre = await centre()
    money = {"amount_minor": 4990, "currency": "EUR"}
    items = [{"product_code": "GREEN24", "quantity": 2, "unit_price": money}]
    total = {"amount_minor": 9980, "currency": "EUR"}
    pushed = await push(here, order={"number": "A-1", "status": "partial", "items": items, "total": total})
    answer = await claimed(here.agents[0], here)
    token = str(answer["lock"]["token"])
    await here.agents[0].post(f"/v1/work-items/{pushed['id']}/attempts", {"outcome": "answered"}, Lock_Token=token)
    await here.agents[0].post(f"/v1/work-items/{pushed['id']}/convert", {}, Lock_Token=token)
    await status_of(here, pushed["id"], "converted")

    async def figures() -> Any:
        figures = await here.sponsor.get("/v1/statistics", sponsor_id=here.sponsor_id)
        counted = {name: figures["totals"][name] for name in ("received", "queued", "claimed", "attempts", "converted")}
        assert counted == dict.fromkeys(counted, 1), counted
        assert figures["converted_value"] == [{"currency": "EUR", "amount_minor": 9980}]
        assert figures["speed_to_lead"]["median_s"] is not None
        return figures

    await eventually(figures)


async def test_a_held_lead_waits_for_its_confirmation(centre: Any) -> None:
    """V4.1, V4.4: held leads are nobody's to claim; confirmed ones are claimable, rejected ones are invalid."""
    here: Centre = await centre(call_centre_validation=True)
    good, bad = [await push(here, number) for number in (1, 2)]
    assert (good["held"], good["status"]) == (True, "accepted")
    await status_of(here, good["id"], "held")
    assert await here.agents[0].post("/v1/queue/claim", {"project_id": here.project_id}) is None

    case = await eventually(lambda: here.validator.get(f"/v1/validation/cases/{good['id']}"))
    assert case["status"] == "unconfirmed"
    for lead_id, verdict in ((good["id"], "confirmed"), (bad["id"], "rejected")):
        decision = {"status": verdict, "note": "asked"}
        await eventually(
            lambda lead_id=lead_id, decision=decision: here.validator.post(
                f"/v1/validation/cases/{lead_id}/decision", decision
            )
        )
    with pytest.raises(Refused) as second:
        await here.validator.post(f"/v1/validation/cases/{good['id']}/decision", {"status": "rejected"})
    assert second.value.status == 409

    answer = await claimed(here.agents[0], here)
    assert answer["work_item"]["lead_id"] == good["id"]
    found = await status_of(here, bad["id"], "invalid")
    assert found["contact_status"] == "rejected"


async def test_a_lead_put_back_is_not_offered_during_its_cool_down(centre: Any) -> None:
    """A2.6, E3: put back counts an attempt; the next request gets 204, and eligibility says why."""
    here: Centre = await centre()
    pushed = await push(here)
    answer = await claimed(here.agents[0], here)
    item = f"/v1/work-items/{pushed['id']}"
    await here.agents[0].post(f"{item}/release", {"note": "not at home"}, Lock_Token=str(answer["lock"]["token"]))
    await status_of(here, pushed["id"], "queued")
    assert await here.agents[1].post("/v1/queue/claim", {"project_id": here.project_id}) is None
    why = await here.admin.get(f"{item}/eligibility", agent_id=here.agent_ids[1])
    assert why["eligible"] is False
    assert [failing["code"] for failing in why["failing"]] == ["E3"]


async def test_the_partner_gets_one_mail_for_each_lead(centre: Any) -> None:
    """N2.8, N5.1: one purchase mail per accepted lead and address, over real SMTP; none for a duplicate."""
    here: Centre = await centre()
    pushed = await push(here)
    copy = await here.partners[0].post("/v1/leads", {**lead(1, here.project_id), "external_id": "another"})
    assert (copy["status"], copy["reason"]) == ("rejected", "duplicate")

    async def mails() -> Any:
        mails = await here.admin.get("/v1/emails", lead_id=pushed["id"])
        assert [mail["state"] for mail in mails["data"]] == ["sent"]
        return mails

    await eventually(mails)
    assert (await here.admin.get("/v1/emails", lead_id=copy["id"]))["data"] == []


async def test_the_same_push_again_is_the_same_lead(centre: Any) -> None:
    """I2.16 and Idempotency-Key: 201 first, 200 after; the same key gives the first answer again."""
    here: Centre = await centre()
    body, key = lead(1, here.project_id), new_uuid().hex
    first = await eventually(lambda: pushed_with(here.partners[0], body, key))
    again = await here.partners[0].request("POST", "/v1/leads", json=body, headers={"Idempotency-Key": key})
    assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (201, first, "true")
    other = {**body, "first_name": "Eeva"}
    reused = await here.partners[0].request("POST", "/v1/leads", json=other, headers={"Idempotency-Key": key})
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency-key-reused")
    updated = await here.partners[0].request("POST", "/v1/leads", json=other)
    assert (updated.status_code, updated.json()["id"]) == (200, first["id"])


async def pushed_with(partner: Api, body: Any, key: str) -> Any:
    return await partner.post("/v1/leads", body, Idempotency_Key=key)


async def test_a_sponsor_sees_only_its_own(centre: Any) -> None:
    """S0.11: a foreign sponsor's figures answer exactly as an unknown sponsor's."""
    here, there = await centre(), await centre()
    await push(here)
    foreign = await here.sponsor.request("GET", "/v1/statistics", params={"sponsor_id": there.sponsor_id})
    unknown = await here.sponsor.request("GET", "/v1/statistics", params={"sponsor_id": "spo_unknown"})
    assert foreign.status_code == unknown.status_code == 404
    assert _without_id(foreign.json()) == _without_id(unknown.json())


def _without_id(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "request_id"}


async def test_the_mails_of_a_trial_are_at_the_gateway(platform: Platform, centre: Any) -> None:
    """In both modes; a page may be shown as it is meant, and runs nothing."""
    here: Centre = await centre()
    pushed = await push(here)
    async with client(platform.url) as http:

        async def mail() -> Any:
            found = [each for each in (await http.get("/mail/messages")).json()["data"] if pushed["id"] in str(each)]
            assert found, "no mail yet"
            return found[0]

        page = await http.get(f"/mail/{(await eventually(mail))['id']}")
    assert page.status_code == 200
    assert page.headers.get_list("content-security-policy") == [page.headers["content-security-policy"]]
    assert "style-src 'unsafe-inline'" in page.headers["content-security-policy"]
    assert "script-src" not in page.headers["content-security-policy"]
