"""A person is forgotten everywhere (I2.27): receipts from every service, and no trace in any table of any database."""

from typing import Any

from harness.centre import Centre
from harness.eventually import eventually
from harness.people import lead
from harness.platform import Platform
from harness.relays import silenced
from harness.traces import traces_of

NAME = "Kanarialintunen"
WAITING = 20.0  # five services, one after the other


async def test_i2_27_a_person_leaves_no_trace_in_any_database(centre: Any, platform: Platform) -> None:
    """The lead has lived: validated with a note, called, mailed about, and changed once."""
    here: Centre = await centre(call_centre_validation=True)
    body = lead(1, here.project_id, last_name=NAME, comments=f"ask for {NAME}", email=f"{NAME.lower()}@example.fi")
    pushed = await here.partners[0].post("/v1/leads", body)
    decision = {"status": "confirmed", "note": f"{NAME} said yes"}
    case = f"/v1/validation/cases/{pushed['id']}/decision"
    await eventually(lambda: here.validator.post(case, decision))

    await _call(here, pushed["id"])

    async def known() -> bool:
        return f"{NAME} has no need" in str(await here.admin.get(f"/v1/leads/{pushed['id']}/timeline"))

    await eventually(known)
    words = [NAME, body["phone"], body["phone"][1:]]
    assert await traces_of(platform, words) != []

    erasure = await here.admin.post("/v1/erasures", {"phone": body["phone"]})
    assert erasure["lead_ids"] == [pushed["id"]]

    await _complete(here, erasure["id"])
    assert (await here.admin.get(f"/v1/leads/{pushed['id']}"))["status"] == "erased"

    await _forgotten(platform, words)
    again = await here.partners[0].request("POST", "/v1/leads", json={**body, "comments": "once more"})
    assert (again.status_code, again.json()["code"]) == (409, "lead-finished")


async def test_i2_27_what_waits_in_outboxes_goes_out_before_an_erasure_is_complete_and_is_dropped(
    centre: Any, platform: Platform
) -> None:
    """The notes of the call are still to be told, and so is what the partner pushed last, when the person is erased."""
    here: Centre = await centre()
    body = lead(2, here.project_id, last_name=NAME)
    pushed = await here.partners[0].post("/v1/leads", body)
    await eventually(lambda: here.admin.get(f"/v1/work-items/{pushed['id']}"))
    words = [NAME, body["phone"], body["phone"][1:]]
    async with silenced(platform, "leadwire_lead_intake", "leadwire_assignment"):
        await _call(here, pushed["id"])
        await here.partners[0].request("POST", "/v1/leads", json={**body, "comments": f"ask for {NAME}"})
        erasure = await here.admin.post("/v1/erasures", {"phone": body["phone"]})
        left = await traces_of(platform, words)
        assert {f"leadwire_{one}.outbox: {NAME}" for one in ("lead_intake", "assignment")} <= set(left), left
        assert (await here.admin.get(f"/v1/erasures/{erasure['id']}"))["state"] == "running"
    await _complete(here, erasure["id"])
    await _forgotten(platform, words)


async def _call(here: Centre, lead_id: str) -> None:
    """An agent calls, and closes the lead with a note."""

    async def claim() -> Any:
        answer = await here.agents[0].post("/v1/queue/claim", {"project_id": here.project_id})
        assert answer is not None, "nothing eligible yet"
        return answer

    token = str((await eventually(claim))["lock"]["token"])
    item = f"/v1/work-items/{lead_id}"
    await here.agents[0].post(f"{item}/attempts", {"outcome": "answered"}, Lock_Token=token)
    note = {"disposition_id": here.disposition_id, "note": f"{NAME} has no need"}
    await here.agents[0].post(f"{item}/resolve", note, Lock_Token=token)


async def _complete(here: Centre, erasure_id: str) -> None:
    async def completed() -> bool:
        found = await here.admin.get(f"/v1/erasures/{erasure_id}")
        missing = set(found["awaited"]) - {receipt["service"] for receipt in found["receipts"]}
        assert found["state"] == "completed", missing
        return True

    await eventually(completed, within=WAITING)


async def _forgotten(platform: Platform, words: list[str]) -> None:
    async def forgotten() -> bool:
        left = await traces_of(platform, words)
        assert left == [], left
        return True

    await eventually(forgotten, within=WAITING)  # what is in an outbox is on its way, and gone with the next batch
