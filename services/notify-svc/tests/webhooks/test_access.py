"""Who may do what with webhooks (N5.6)."""

from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest

ENDPOINTS = "/v1/webhook-endpoints"
DELIVERIES = "/v1/webhook-deliveries"
URL = "https://hooks.example.com/in"
_ROUTES = [
    ("GET", f"{ENDPOINTS}/{{endpoint}}", None),
    ("PATCH", f"{ENDPOINTS}/{{endpoint}}", {"disabled": True}),
    ("DELETE", f"{ENDPOINTS}/{{endpoint}}", None),
    ("POST", f"{ENDPOINTS}/{{endpoint}}/rotate-secret", {}),
    ("POST", f"{ENDPOINTS}/{{endpoint}}/test", None),
    ("POST", f"{ENDPOINTS}/{{endpoint}}/recover", {"since": "2026-01-01T00:00:00Z"}),
    ("GET", f"{DELIVERIES}/{{delivery}}", None),
    ("POST", f"{DELIVERIES}/{{delivery}}/replay", None),
]


async def test_n5_6_partners_and_sponsors_manage_their_own(
    service: ServiceUnderTest, hooks: Any, as_partner: Any, as_sponsor: Any
):
    body = {"url": URL, "event_types": ["*"]}
    own = await hooks.call("POST", ENDPOINTS, 201, json=body, headers=as_partner)
    assert (own["owner_kind"], own["owner_id"]) == ("partner", "ptr_1")
    theirs = await hooks.call("POST", ENDPOINTS, 201, json=body, headers=as_sponsor)
    assert (theirs["owner_kind"], theirs["owner_id"]) == ("sponsor", "spo_1")
    await hooks.endpoint(URL, owner_id="ptr_2")
    foreign = {"owner_kind": "partner", "owner_id": "ptr_2"}
    for headers, mine in ((as_partner, own), (as_sponsor, theirs)):
        page = await hooks.call("GET", ENDPOINTS, headers=headers, params=foreign)
        assert [row["id"] for row in page["data"]] == [mine["id"]]
    assert (await hooks.call("POST", ENDPOINTS, 403, json=body | foreign, headers=as_partner))["code"] == "forbidden"
    for fields in ({"receives_leads": True}, {"kind": "leadwire"}):
        refused = await hooks.call("POST", ENDPOINTS, 403, json=body | fields, headers=as_sponsor)
        assert refused["code"] == "leads-need-admin"
    path = f"{ENDPOINTS}/{theirs['id']}"
    await hooks.call("PATCH", path, 403, json={"receives_leads": True}, headers=as_sponsor)
    await hooks.call("PATCH", path, json={"disabled": True}, headers=as_sponsor)
    receiving = f"{ENDPOINTS}/{(await hooks.receiver(URL))['id']}"
    await hooks.call("PATCH", receiving, 403, json={"url": f"{URL}/elsewhere"}, headers=as_sponsor)
    await hooks.call("PATCH", receiving, json={"description": "ours"}, headers=as_sponsor)


async def test_s0_11_an_agency_says_for_which_of_its_sponsors_and_sees_all(service: ServiceUnderTest, hooks: Any):
    agency = service.headers("sponsor", sponsor_ids=["spo_1", "spo_2"], pages=["leads"])
    body = {"url": URL, "event_types": ["*"]}
    assert (await hooks.call("POST", ENDPOINTS, 422, json=body, headers=agency))["code"] == "owner-required"
    await hooks.call("POST", ENDPOINTS, 403, json=body | {"owner_id": "spo_3"}, headers=agency)
    made: list[str] = []
    for number in range(4):
        wanted = body | {"owner_id": f"spo_{number % 2 + 1}"}
        made.append((await hooks.call("POST", ENDPOINTS, 201, json=wanted, headers=agency))["id"])
        await hooks.call("POST", f"{ENDPOINTS}/{made[-1]}/test", 202, headers=agency)
    foreign = await hooks.endpoint(URL, owner_kind="sponsor", owner_id="spo_3")
    await hooks.call("POST", f"{ENDPOINTS}/{foreign['id']}/test", 202, headers=service.headers())
    listed = await hooks.call("GET", ENDPOINTS, headers=agency)
    assert [row["id"] for row in listed["data"]] == made[::-1]
    only = await hooks.call("GET", ENDPOINTS, headers=agency, params={"owner_id": "spo_1"})
    assert [row["id"] for row in only["data"]] == [made[2], made[0]]
    ledger = await hooks.call("GET", DELIVERIES, headers=agency, params={"limit": 3})
    assert [row["endpoint_id"] for row in ledger["data"]] == made[:0:-1]
    rest = await hooks.call("GET", DELIVERIES, headers=agency, params={"limit": 3, "cursor": ledger["next_cursor"]})
    assert [row["endpoint_id"] for row in rest["data"]] == made[:1]
    closed = service.headers("sponsor", sponsor_ids=["spo_1"], pages=["exports"])
    await hooks.call("GET", ENDPOINTS, 403, headers=closed)


@pytest.mark.parametrize(("method", "path", "body"), _ROUTES)
async def test_n5_6_a_foreign_id_answers_as_an_unknown_one(  # noqa: PLR0917 -- a matrix
    service: ServiceUnderTest,
    hooks: Any,
    make_lead: Any,
    as_partner: Any,
    as_sponsor: Any,
    method: str,
    path: str,
    body: Any,
):
    foreign = await hooks.endpoint(URL, owner_id="ptr_2")
    await service.deliver(make_lead(1, 2))
    row = await hooks.row()
    for headers in (as_partner, as_sponsor):
        answers = [
            await service.http.request(
                method,
                path.format(endpoint=endpoint, delivery=delivery),
                json=body,
                headers=headers | {"X-Request-Id": "the-same"},
            )
            for endpoint, delivery in ((foreign["id"], row["id"]), ("whe_none", "whd_none"))
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    assert (await hooks.row())["state"] == "queued"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [*_ROUTES, ("GET", ENDPOINTS, None), ("POST", ENDPOINTS, {"url": URL}), ("GET", DELIVERIES, None)],
)
async def test_n5_6_nobody_else_may(service: ServiceUnderTest, method: str, path: str, body: Any):
    """Partners and sponsors without a partner or sponsor either."""
    path = path.format(endpoint="whe_1", delivery="whd_1")
    for level in ("supervisor", "leads_agent", "call_centre", "integration", "partner", "sponsor"):
        answer = await service.http.request(method, path, json=body, headers=service.headers(level))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), level
    assert (await service.http.request(method, path, json=body)).status_code == 401
