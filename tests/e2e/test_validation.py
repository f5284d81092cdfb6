"""Call-centre validation through the gateway: from the next case to the claim, and what the client may say after."""

import time
from typing import Any

import pytest
from harness.api import Refused
from harness.centre import Centre
from harness.eventually import eventually
from harness.people import lead

AT_REST_SECONDS = 1.0


async def held(centre: Centre, count: int) -> list[str]:
    """Pushed leads whose cases are there, oldest first."""
    project_id = centre.project_id
    await eventually(lambda: centre.admin.get("/v1/validation/view", project_id=project_id))
    pushed = [await centre.partners[0].post("/v1/leads", lead(n, project_id)) for n in range(count)]
    assert all(one["held"] for one in pushed)
    for one in pushed:
        await eventually(lambda one=one: centre.validator.get(f"/v1/validation/cases/{one['id']}"))
    return [one["id"] for one in pushed]


async def test_v4_4_a_confirmed_lead_is_claimable_within_a_second(centre: Any) -> None:
    """Measured from the confirmation's answer. The promise is 1 s at rest, so the best of five counts: whatever else
    this machine does can only make it slower. `eventually` keeps each of them under the 5 s that hold under load.
    """
    here: Centre = await centre(call_centre_validation=True)
    took: list[float] = []
    for lead_id in await held(here, 5):
        assert await here.agents[0].post("/v1/queue/claim", {"project_id": here.project_id}) is None
        await here.validator.post(f"/v1/validation/cases/{lead_id}/decision", {"status": "confirmed"})
        confirmed = time.monotonic()

        async def claim() -> Any:
            answer = await here.agents[0].post("/v1/queue/claim", {"project_id": here.project_id})
            assert answer is not None, "not claimable yet"
            return answer

        claimed = await eventually(claim)
        took.append(time.monotonic() - confirmed)
        assert claimed["work_item"]["lead_id"] == lead_id
        token = str(claimed["lock"]["token"])
        body = {"disposition_id": here.disposition_id}
        await here.agents[0].post(f"/v1/work-items/{lead_id}/resolve", body, Lock_Token=token)
    assert min(took) <= AT_REST_SECONDS, took


async def test_v4_11_a_validator_needs_nothing_but_the_next_case(centre: Any) -> None:
    """One call gives the first case, each decision the following one, then none; the file has the notes."""
    here: Centre = await centre(call_centre_validation=True)
    lead_ids = await held(here, 3)
    wanted = {"project_id": here.project_id}
    got = await here.validator.post("/v1/validation/next", wanted)
    seen: list[str] = []
    while got is not None:
        seen.append(got["case"]["lead_id"])
        body = {"status": "confirmed", "note": "yes; wants it", "lease_token": got["lease"]["token"], "next": wanted}
        got = (await here.validator.post(f"/v1/validation/cases/{seen[-1]}/decision", body))["next"]
    assert seen == lead_ids
    assert await here.validator.post("/v1/validation/next", wanted) is None
    exported = await here.validator.request("GET", "/v1/validation/export", params=wanted)
    assert exported.text.count('"""yes; wants it"""') == 3


async def test_v4_1_turning_validation_off_lets_held_leads_go_or_keeps_them(centre: Any) -> None:
    """As the project says at that moment; its later word counts, too."""
    here: Centre = await centre(call_centre_validation=True)
    lead_ids = await held(here, 2)
    case = f"/v1/validation/cases/{lead_ids[0]}"
    project = f"/v1/projects/{here.project_id}"
    await here.admin.patch(project, {"call_centre_validation": False, "validation": {"held_leads": "keep"}})

    async def is_off() -> None:
        view = await here.admin.get("/v1/validation/view", project_id=here.project_id)
        assert view["call_centre_validation"] is False
        assert not {"Contact Status", "Telephone"} & {c["title"] for c in view["columns"] if c["default"]}

    await eventually(is_off)
    assert (await here.admin.get(case))["status"] == "unconfirmed"
    await here.admin.patch(project, {"validation": {"held_leads": "release"}})

    async def are_released() -> None:
        for lead_id in lead_ids:
            assert (await here.admin.get(f"/v1/validation/cases/{lead_id}"))["status"] == "released"

    await eventually(are_released)

    async def are_claimable() -> None:
        claimed = await here.agents[0].post("/v1/queue/claim", {"project_id": here.project_id})
        assert claimed is not None
        assert claimed["work_item"]["lead_id"] in lead_ids

    await eventually(are_claimable)


async def test_v4_9_only_the_leads_own_client_says_that_it_is_not_billable(centre: Any) -> None:
    here: Centre = await centre(call_centre_validation=True)
    there: Centre = await centre()
    [lead_id] = await held(here, 1)
    await here.validator.post(f"/v1/validation/cases/{lead_id}/decision", {"status": "confirmed"})
    path, body = f"/v1/validation/cases/{lead_id}/billable", {"billable": False, "reason": "wrong person"}
    for caller, status in ((there.sponsor, 404), (here.validator, 403), (here.agents[0], 403)):
        with pytest.raises(Refused) as refused:
            await caller.post(path, body)
        assert refused.value.status == status
    flipped = await here.sponsor.post(path, body)
    assert (flipped["billable"], flipped["contact_status"]) == (False, "confirmed")
