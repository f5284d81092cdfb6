"""A person is forgotten everywhere (I2.27): receipts from every service, and no trace in any table of any database."""

from typing import Any

from harness.centre import Centre
from harness.eventually import eventually
from harness.people import lead
from harness.platform import Platform
from harness.traces import traces_of

NAME = "Kanarialintunen"
WAITING = 20.0  # five services, one after the other


async def test_i2_27_a_person_leaves_no_trace_in_any_database(centre: Any, platform: Platform) -> None:
    """The lead has lived: validated with a note, called, mailed about, and changed once."""
    here: Centre = await centre(call_centre_validation=True)
    body = lead(1, here.project_id, last_name=NAME, comments=f"ask for {NAME}", email=f"{NAME.lower()}@example.fi")
    pushed = await eventually(lambda: here.partners[0].post("/v1/leads", body))
    decision = {"status": "confirmed", "note": f"{NAME} said yes"}
    case = f"/v1/validation/cases/{pushed['id']}/decision"
    await eventually(lambda: here.validator.post(case, decision))

    async def claim() -> Any:
        answer = await here.agents[0].post("/v1/queue/claim", {"project_id": here.project_id})
        assert answer is not None, "nothing eligible yet"
        return answer

    token = str((await eventually(claim))["lock"]["token"])
    item = f"/v1/work-items/{pushed['id']}"
    await here.agents[0].post(f"{item}/attempts", {"outcome": "answered"}, Lock_Token=token)
    note = {"disposition_id": here.disposition_id, "note": f"{NAME} has no need"}
    await here.agents[0].post(f"{item}/resolve", note, Lock_Token=token)

    async def known() -> bool:
        return f"{NAME} has no need" in str(await here.admin.get(f"/v1/leads/{pushed['id']}/timeline"))

    await eventually(known)
    words = [NAME, body["phone"], body["phone"][1:]]
    assert await traces_of(platform, words) != []

    erasure = await here.admin.post("/v1/erasures", {"phone": body["phone"]})
    assert erasure["lead_ids"] == [pushed["id"]]

    async def completed() -> bool:
        found = await here.admin.get(f"/v1/erasures/{erasure['id']}")
        missing = set(found["awaited"]) - {receipt["service"] for receipt in found["receipts"]}
        assert found["state"] == "completed", missing
        return True

    await eventually(completed, within=WAITING)
    assert (await here.admin.get(f"/v1/leads/{pushed['id']}"))["status"] == "erased"

    async def forgotten() -> bool:
        left = await traces_of(platform, words)
        assert left == [], left
        return True

    await eventually(forgotten, within=WAITING)  # what is in an outbox is on its way, and gone with the next batch
    again = await here.partners[0].request("POST", "/v1/leads", json={**body, "comments": "once more"})
    assert (again.status_code, again.json()["code"]) == (409, "lead-finished")
