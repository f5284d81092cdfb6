"""V4.3, V4.4: which cases validators see at all, and which may be decided."""

from typing import Any

import pytest
from contracts.events.intake import LeadUpdatedV1
from contracts.events.validation import CaseConfirmedV1, CaseRejectedV1
from contracts.events.values import Problem
from servicekit.testing import ServiceUnderTest

CASES = "/v1/validation/cases"
CAUTION = [Problem(code="name-odd", level="quarantine", field="first_name")]


@pytest.fixture
async def caution(service: ServiceUnderTest, make_lead: Any) -> None:
    """lead_0001 came through though a check was set to quarantine; lead_0002 has a warning only."""
    await service.deliver(make_lead(1, problems=CAUTION))
    await service.deliver(make_lead(2))


async def flag(service: ServiceUnderTest, lead_id: str, level: str = "admin", **body: Any) -> Any:
    body = {"valid": True, "reason": "looked at it"} | body
    return await service.http.post(
        f"{CASES}/{lead_id}/flag", json=body, headers=service.headers(level, user_id="usr_a")
    )


@pytest.mark.parametrize("level", ["call_centre", "supervisor"])
async def test_v4_3_a_case_whose_first_check_is_not_valid_is_unknown_to_validators(
    service: ServiceUnderTest, caution: None, level: str
):
    """Wherever it could show: the answers are those for a case that does not exist."""
    headers = service.headers(level)
    listed = (await service.http.get(CASES, headers=headers)).json()["data"]
    assert [case["lead_id"] for case in listed] == ["lead_0002"]
    assert listed[0]["first_check"] == "valid"
    exported = (await service.http.get("/v1/validation/export", headers=headers)).text
    assert "lead_0002" in exported
    assert "lead_0001" not in exported
    body = {"status": "confirmed"}
    for lead_id in ("lead_0001", "lead_none"):
        assert (await service.http.get(f"{CASES}/{lead_id}", headers=headers)).status_code == 404
        assert (await service.http.post(f"{CASES}/{lead_id}/decision", json=body, headers=headers)).status_code == 404
    rows = [{"lead_id": lead_id, "status": "rejected"} for lead_id in ("lead_0001", "lead_none")]
    batch = await service.http.post("/v1/validation/decisions/batch", json={"decisions": rows}, headers=headers)
    assert [row["code"] for row in batch.json()["results"]] == ["not-found"] * 2
    following = await service.http.post("/v1/validation/next", headers=headers)
    assert following.json()["case"]["lead_id"] == "lead_0002"


async def test_v4_4_nobody_confirms_a_lead_whose_checks_are_not_done(
    service: ServiceUnderTest, caution: None, decide: Any
):
    """Admins see it: 409 until one flags it as valid, or rejects it as it is."""
    admin = service.headers()
    [case] = [
        case for case in (await service.http.get(CASES, headers=admin)).json()["data"] if case["lead_id"] == "lead_0001"
    ]
    assert (case["first_check"], case["flagged_by"]) == ("caution", None)
    for status in ("confirmed", "unconfirmed"):
        refused = await decide("lead_0001", status, headers=admin)
        assert (refused.status_code, refused.json()["code"]) == (409, "checks-not-done")
    assert (await decide("lead_0001", "rejected", headers=admin)).status_code == 200
    assert len(await service.published(CaseConfirmedV1, CaseRejectedV1)) == 1


async def test_v4_3_an_admin_flags_a_case_as_valid_and_takes_it_back(
    service: ServiceUnderTest, caution: None, decide: Any
):
    """Flagged, validators work it like any other; the reason is among the notes; an update does not undo it."""
    assert (await flag(service, "lead_0001", "supervisor")).status_code == 403
    flagged = await flag(service, "lead_0001")
    assert (flagged.status_code, flagged.json()["flagged_by"], flagged.json()["version"]) == (200, "usr_a", 2)
    again = await flag(service, "lead_0001")
    assert (again.status_code, again.json()["code"]) == (409, "flag-unchanged")
    assert (await decide("lead_0001", "unconfirmed")).status_code == 200
    assert (await flag(service, "lead_0001", valid=False)).status_code == 200
    assert (await decide("lead_0001", "confirmed")).status_code == 404
    assert (await flag(service, "lead_0001", reason="sure")).status_code == 200
    assert (await decide("lead_0001", "confirmed", note="is right")).status_code == 200
    assert (await flag(service, "lead_0001", valid=False)).json()["code"] == "case-already-decided"
    case = (await service.http.get(f"{CASES}/lead_0001", headers=service.headers("call_centre"))).json()
    assert [(note["status"], note["text"]) for note in case["notes"]] == [
        ("flagged", "looked at it"),
        ("unflagged", "looked at it"),
        ("flagged", "sure"),
        ("confirmed", "is right"),
    ]
    assert (await flag(service, "lead_none")).status_code == 404


async def test_v4_3_what_the_checks_say_later_counts(service: ServiceUnderTest, make_lead: Any, caution: None):
    """A better version of the lead brings the case to the validators, a worse one hides it."""
    await service.deliver(make_lead(1, kind=LeadUpdatedV1, problems=[]), 2)
    await service.deliver(make_lead(2, kind=LeadUpdatedV1, problems=CAUTION), 2)
    listed = (await service.http.get(CASES, headers=service.headers("call_centre"))).json()["data"]
    assert [case["lead_id"] for case in listed] == ["lead_0001"]
