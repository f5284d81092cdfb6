"""`/v1/webhook-deliveries` over HTTP (N5.6)."""

from typing import Any

from contracts.events.intake import LeadRejectedV1
from servicekit.testing import ServiceUnderTest

ENDPOINTS = "/v1/webhook-endpoints"
DELIVERIES = "/v1/webhook-deliveries"
URL = "https://hooks.example.com/in"


async def test_n5_6_the_ledger_is_searched_by_owner_state_lead_and_type(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, lead_ref: Any, as_partner: Any
):
    await hooks.endpoint(hook_sink.url())
    crm = await hooks.endpoint(hook_sink.url("/crm"), owner_kind="crm", owner_id=None)
    await service.deliver(make_lead(1))
    await hooks.settle()
    at = make_lead().received_at
    await service.deliver(LeadRejectedV1(lead=lead_ref(2), external_id="e", received_at=at, reason="duplicate"))

    async def found(headers: Any = None, **query: Any) -> list[tuple[str, str]]:
        page = await hooks.call("GET", DELIVERIES, params=query, headers=headers)
        return sorted((row["lead_id"], row["state"]) for row in page["data"])

    one, two = ("lead_0001", "delivered"), ("lead_0002", "queued")
    assert await found() == [one, one, two, two]
    assert await found(as_partner) == [one, two]
    assert await found(endpoint_id=crm["id"], state="queued") == [two]
    assert await found(as_partner, endpoint_id=crm["id"]) == []
    assert await found(lead_id="lead_0001") == [one, one]
    assert await found(event_type="intake.lead.rejected.v1") == [two, two]
    page = await hooks.call("GET", DELIVERIES, params={"limit": 3})
    rest = await hooks.call("GET", DELIVERIES, params={"limit": 3, "cursor": page["next_cursor"]})
    assert (len(page["data"]), len(rest["data"]), rest["has_more"]) == (3, 1, False)


async def test_n5_6_what_waits_or_is_disabled_is_not_replayed(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    made = await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    row = await hooks.row()
    replay = f"{DELIVERIES}/{row['id']}/replay"
    assert (await hooks.call("POST", replay, 409))["code"] == "delivery-under-way"
    await hooks.call("PATCH", f"{ENDPOINTS}/{made['id']}", json={"disabled": True})
    assert await hooks.reason() == ("cancelled", "endpoint-disabled")
    assert (await hooks.call("POST", replay, 409))["code"] == "endpoint-disabled"
    await hooks.call("PATCH", f"{ENDPOINTS}/{made['id']}", json={"disabled": False})
    assert (await hooks.call("POST", replay))["state"] == "queued"
    await hooks.settle()
    shown = await hooks.call("GET", f"{DELIVERIES}/{row['id']}")
    assert [(entry["event"], entry["by"]) for entry in shown["log"]] == [
        ("replay-asked", "usr_test"), ("delivered", None),
    ]  # fmt: skip
    await hooks.call("POST", replay)
    await hooks.settle()
    assert {post.webhook_id for post in hook_sink.posts} == {row["id"]}
    assert len(hook_sink.posts) == 2
