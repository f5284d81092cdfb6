"""V4.11: the next case, for one validator at a time."""

from typing import Any

import pytest
from contracts.events.intake import ReturnDeclinedV1, ReturnRequestedV1
from servicekit.testing import ServiceUnderTest

NEXT = "/v1/validation/next"
LAPSE = "UPDATE cases SET leased_until = now() - interval '1 second' WHERE leased_by IS NOT NULL"
AS_IF_LONG_AGO = "UPDATE cases SET due_at = due_at - interval '1 hour'"


def lead_of(answer: Any) -> str | None:
    return answer.json()["case"]["lead_id"] if answer.status_code == 200 else None


async def test_v4_11_a_lapsed_lease_gives_the_case_to_the_next_who_asks(service: ServiceUnderTest, fill: Any, ask: Any):
    await fill(1)
    lost = (await ask("usr_gone")).json()["lease"]["token"]
    assert (await ask("usr_other")).status_code == 204
    await service.db.pool.execute(LAPSE)
    taken = await ask("usr_other")
    assert lead_of(taken) == "lead_00001"
    await service.db.pool.execute(LAPSE)
    assert (await ask("usr_other")).json()["lease"]["token"] != taken.json()["lease"]["token"], "it was anybody's"
    assert (await ask("usr_gone")).status_code == 204
    path = "/v1/validation/cases/lead_00001/decision"
    gone = service.headers("call_centre", user_id="usr_gone")
    refused = await service.http.post(path, json={"status": "confirmed", "lease_token": lost}, headers=gone)
    assert (refused.status_code, refused.json()["code"]) == (409, "lease-lost")


async def test_v4_11_decide_and_get_the_next_case_in_one_call(service: ServiceUnderTest, fill: Any, ask: Any):
    """Until the queue is empty; the notes of the next case come along."""
    await fill(3)
    answer, token = await ask(), None
    seen: list[str | None] = [lead_of(answer)]
    lead_id, token = str(seen[0]), answer.json()["lease"]["token"]
    for _ in range(3):
        body = {"status": "confirmed", "note": "spoke", "lease_token": token, "next": {}}
        path = f"/v1/validation/cases/{lead_id}/decision"
        decided = await service.http.post(path, json=body, headers=service.headers("call_centre", user_id="usr_v"))
        assert decided.status_code == 200, decided.text
        assert decided.json()["contact_status"] == "confirmed"
        if decided.json()["next"] is not None:
            lead_id = decided.json()["next"]["case"]["lead_id"]
            token = decided.json()["next"]["lease"]["token"]
            assert decided.json()["next"]["case"]["notes"] == []
            seen.append(lead_id)
    assert seen == ["lead_00001", "lead_00002", "lead_00003"]
    assert (await ask()).status_code == 204


async def test_v4_11_an_attempted_case_is_nobodys_next_for_a_while_then_waits_at_the_end(
    service: ServiceUnderTest, fill: Any, ask: Any, decide: Any
):
    await fill(2)
    assert lead_of(await ask()) == "lead_00001"
    await decide("lead_00001", "unconfirmed", note="no answer")
    assert lead_of(await ask()) == "lead_00002"
    await decide("lead_00002", "confirmed")
    assert (await ask()).status_code == 204
    await service.db.pool.execute(AS_IF_LONG_AGO)
    again = await ask()
    assert lead_of(again) == "lead_00001"
    assert [note["text"] for note in again.json()["case"]["notes"]] == ["no answer"]


async def test_v4_11_skipping_goes_on_and_another_project_gives_the_case_back(
    service: ServiceUnderTest, fill: Any, ask: Any, make_lead: Any
):
    await fill(2)
    await service.deliver(make_lead(9, project_id="prj_2"))
    assert lead_of(await ask(project_id="prj_1")) == "lead_00001"
    assert lead_of(await ask(project_id="prj_1", skip=True)) == "lead_00002"
    assert lead_of(await ask(project_id="prj_2")) == "lead_0009"
    assert lead_of(await ask("usr_other", project_id="prj_1")) == "lead_00002"


async def test_v4_11_a_lead_on_its_way_back_is_nobodys_next(service: ServiceUnderTest, make_lead: Any, ask: Any):
    """Once the return is declined it is anybody's: whoever had it on the screen has lost it."""
    await service.deliver(make_lead())
    assert lead_of(await ask()) == "lead_0001"
    lead = make_lead()
    told: dict[str, Any] = {
        "return_id": "ret_1",
        "lead": lead.lead,
        "reason": "wrong-number",
        "requested_at": lead.received_at,
        "answer_by": lead.received_at,
    }
    await service.deliver(ReturnRequestedV1(**told))
    assert (await ask("usr_other")).status_code == 204
    await service.deliver(ReturnDeclinedV1(**told), 2)
    assert lead_of(await ask("usr_other")) == "lead_0001"


@pytest.mark.parametrize("body", [{"skip": "yes"}, {"leased_by": "usr_other"}, {"project_id": ""}])
async def test_odd_requests_for_the_next_case_are_refused(service: ServiceUnderTest, ask: Any, body: Any):
    assert (await ask(**body)).status_code == 422


async def test_v4_11_the_body_may_be_left_out(service: ServiceUnderTest, fill: Any):
    await fill(1)
    answer = await service.http.post(NEXT, headers=service.headers("call_centre"))
    assert lead_of(answer) == "lead_00001"
