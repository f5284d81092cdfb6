"""The validators' list: order, filters, pages, and who sees which columns."""

from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest

CASES = "/v1/validation/cases"


async def test_the_oldest_case_comes_first_page_by_page(service: ServiceUnderTest, make_lead: Any):
    """V4.11: next case = the first of the list. Keyset pages neither repeat nor lose a case."""
    for number in (5, 2, 4, 1, 3):
        await service.deliver(make_lead(number))
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await service.http.get(CASES, params=query, headers=service.headers("call_centre"))).json()
        seen += [case["lead_id"] for case in page["data"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [f"lead_{number:04}" for number in (1, 2, 3, 4, 5)]


async def test_v4_7_filters(service: ServiceUnderTest, make_lead: Any, decide: Any):
    """V4.4, V4.7: by status, project and attempts; a rejected case leaves the default listing."""
    for number in (1, 2, 3, 4):
        await service.deliver(make_lead(number, project_id="prj_2" if number == 4 else "prj_1"))
    await decide("lead_0001", "confirmed")
    await decide("lead_0002", "rejected")
    await decide("lead_0003", "unconfirmed")

    async def found(**query: Any) -> list[str]:
        answer = await service.http.get(CASES, params=query, headers=service.headers("supervisor"))
        return [case["lead_id"][-1] for case in answer.json()["data"]]

    assert await found() == ["1", "3", "4"]
    assert await found(status="rejected") == ["2"]
    assert await found(status="unconfirmed") == ["3", "4"]
    assert await found(attempts=1) == ["3"]
    assert await found(attempts=0, status="unconfirmed") == ["4"]
    assert await found(project_id="prj_2") == ["4"]
    assert await found(project_id="prj_2", status="confirmed") == []


@pytest.mark.parametrize("query", ["status=odd", "limit=0", "limit=101", "cursor=xyz", "attempts=-1", "odd=1"])
async def test_odd_queries_are_refused(service: ServiceUnderTest, query: str):
    answer = await service.http.get(f"{CASES}?{query}", headers=service.headers())
    assert answer.status_code == 422
    assert answer.json()["code"] == "validation-failed"


@pytest.mark.parametrize("level", ["call_centre", "supervisor"])
async def test_v4_3_validators_see_no_price_partner_or_sponsor(service: ServiceUnderTest, make_lead: Any, level: str):
    """V4.3: not in the list, not in the single read, not in the answer to a decision."""
    await service.deliver(make_lead())
    headers = service.headers(level)
    answers = [
        await service.http.get(CASES, headers=headers),
        await service.http.get(f"{CASES}/lead_0001", headers=headers),
        await service.http.post(f"{CASES}/lead_0001/decision", json={"status": "confirmed"}, headers=headers),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert "+358400000001" in answer.text
        assert "Virta Oy" in answer.text
        assert "secret" not in answer.text
        assert "990077" not in answer.text


async def test_v4_3_admins_see_more_columns(service: ServiceUnderTest, make_lead: Any):
    await service.deliver(make_lead())
    [case] = (await service.http.get(CASES, headers=service.headers())).json()["data"]
    assert (case["partner_id"], case["sponsor_id"]) == ("ptr_secret", "spo_secret")
    assert case["order"]["total"] == {"amount_minor": 990077, "currency": "EUR"}
    assert case["custom"] == {"lead_price": "secret"}
    assert case["consent"]["source_url"] == "https://secret.example/form"


@pytest.mark.parametrize("level", ["leads_agent", "sponsor", "partner", "integration"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", CASES, None),
        ("GET", f"{CASES}/lead_0001", None),
        ("POST", f"{CASES}/lead_0001/decision", {"status": "confirmed"}),
        ("POST", "/v1/validation/decisions/batch", {"decisions": [{"lead_id": "lead_0001", "status": "confirmed"}]}),
        ("POST", f"{CASES}/lead_0001/reopen", {"reason": "again"}),
        ("POST", f"{CASES}/lead_0001/flag", {"valid": True, "reason": "fine"}),
        ("POST", "/v1/validation/next", {}),
        ("GET", "/v1/validation/view", None),
        ("GET", "/v1/validation/export", None),
    ],
)
async def test_others_are_refused(  # noqa: PLR0917 -- a matrix
    service: ServiceUnderTest, make_lead: Any, level: str, method: str, path: str, body: Any
):
    await service.deliver(make_lead())
    headers = service.headers(level, sponsor_id="spo_secret", partner_id="ptr_secret")
    answer = await service.http.request(method, path, json=body, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"
    assert (await service.http.request(method, path, json=body)).status_code == 401


async def test_an_unknown_case_is_not_found(service: ServiceUnderTest):
    headers = service.headers("call_centre")
    assert (await service.http.get(f"{CASES}/lead_none", headers=headers)).status_code == 404
    decision = await service.http.post(f"{CASES}/lead_none/decision", json={"status": "confirmed"}, headers=headers)
    assert decision.status_code == 404
    reopened = await service.http.post(f"{CASES}/lead_none/reopen", json={"reason": "x"}, headers=service.headers())
    assert reopened.status_code == 404
