"""Returns from a buyer's Leadwire: webhooks that come in (I2.24; security.md, webhooks in)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from contracts.events.notify import ReturnReceivedV1
from servicekit.testing import ServiceUnderTest
from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Buyer:
    """The other installation: it has a webhook endpoint at ours, and signs with its secret."""

    def __init__(self, service: ServiceUnderTest, endpoint_id: str):
        self.service = service
        self.path = f"/v1/webhook-endpoints/{endpoint_id}/incoming"

    async def send(self, data: Any, *, webhook_id: str = "whd_1", **odd: Any) -> Any:
        """`odd`: another `secret`, `minutes_off`, `type` or `path`, or a `body` other than what was signed."""
        document = {"type": odd.get("type", "intake.return.requested.v1"), "timestamp": "2026-03-02T10:00:00Z"}
        body = json.dumps(document | {"data": data})
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=odd.get("minutes_off", 0))
        signature = Webhook(odd.get("secret", SECRET)).sign(webhook_id, at, body)
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
            "content-type": "application/json",
        }
        return await self.service.http.post(
            odd.get("path", self.path), content=odd.get("body", body), headers=headers | odd.get("headers", {})
        )


def a_return(**fields: Any) -> dict[str, Any]:
    """As this product tells a partner of a return, so that two installations understand each other."""
    standard = {"return_id": "ret_theirs", "lead_id": "lead_theirs", "reason": "wrong number", "project_id": "prj_x"}
    return standard | {"comment": "nobody there", "test": False, "sequence": 1} | fields


@pytest_asyncio.fixture
async def buyer(service: ServiceUnderTest, hooks: Any, hook_sink: Any, sold: Any, make_partner: Any) -> Buyer:
    """It has bought lead 1, which it calls `lead_theirs`."""
    await service.deliver(make_partner(2))
    endpoint = await hooks.leadwire(hook_sink.url("/v1/leads"), incoming_secret=SECRET)
    answer = b'{"id": "lead_theirs", "status": "accepted"}'
    hook_sink.replies(b"HTTP/1.1 201 Created\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)
    await service.deliver(sold())
    await hooks.settle()
    return Buyer(service, endpoint["id"])


async def test_i2_24_a_return_of_the_buyer_becomes_an_event_about_our_lead(hooks: Any, buyer: Buyer):
    answer = await buyer.send(a_return())
    assert answer.status_code == 204, answer.text
    [event] = await hooks.told(ReturnReceivedV1)
    assert (event.lead.lead_id, event.lead.partner_id, event.buyer_id) == ("lead_0001", "ptr_1", "ptr_2")
    assert (event.external_return_id, event.reason, event.comment) == ("ret_theirs", "wrong number", "nobody there")


async def test_i2_24_our_id_of_the_lead_is_understood_too(hooks: Any, buyer: Buyer):
    """Where the answer to our push was lost, we never learned theirs."""
    await hooks.service.db.pool.execute("UPDATE webhook_deliveries SET remote_id = NULL")
    assert (await buyer.send(a_return(external_id="lead_0001"))).status_code == 204
    [event] = await hooks.told(ReturnReceivedV1)
    assert event.lead_id == "lead_0001"


async def test_i2_24_a_repeat_has_no_effect(hooks: Any, buyer: Buyer):
    """The replay store: one event, though it comes five times at once and once more later."""
    answers = await asyncio.gather(*(buyer.send(a_return()) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {204}
    assert (await buyer.send(a_return(reason="other"))).status_code == 204
    assert len(await hooks.told(ReturnReceivedV1)) == 1


async def test_i2_24_other_events_of_the_buyer_are_taken_and_have_no_effect(hooks: Any, buyer: Buyer):
    assert (await buyer.send({"endpoint_id": "whe_1"}, type="webhook.ping.v1")).status_code == 204
    assert await hooks.told(ReturnReceivedV1) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"secret": "whsec_" + "QQ" * 20},
        {"minutes_off": -6},
        {"minutes_off": 6},
        {"body": '{"type": "intake.return.requested.v1"}'},
        {"body": b"\xff\xfe"},
        {"headers": {"webhook-signature": "nonsense"}},
        {"headers": {"webhook-signature": "v1,!!!"}},
        {"headers": {"webhook-id": "whd_2"}},
        {"headers": {"webhook-timestamp": "soon"}},
    ],
    ids=str,
)
async def test_i2_24_what_is_not_signed_right_and_fresh_is_refused(hooks: Any, buyer: Buyer, odd: dict[str, Any]):
    answer = await buyer.send(a_return(), **odd)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert await hooks.told(ReturnReceivedV1) == []


async def test_i2_24_without_headers_it_is_refused(hooks: Any, buyer: Buyer):
    assert (await hooks.service.http.post(buyer.path, content=b"{}")).status_code == 401


async def test_i2_24_a_lead_that_was_not_sold_through_this_endpoint_is_unknown(hooks: Any, buyer: Buyer):
    answer = await buyer.send(a_return(lead_id="lead_other", external_id="lead_0002"))
    assert (answer.status_code, answer.json()["code"]) == (422, "lead-unknown")
    assert await hooks.told(ReturnReceivedV1) == []
    assert (await buyer.send(a_return())).status_code == 204  # the refused one was not remembered


@pytest.mark.parametrize("data", [None, [], {"return_id": 1}, {"return_id": "r", "lead_id": "l"}])
async def test_i2_24_what_is_no_return_is_refused(hooks: Any, buyer: Buyer, data: Any):
    answer = await buyer.send(data)
    assert (answer.status_code, answer.json()["code"]) == (422, "webhook-unreadable")


async def test_i2_24_an_endpoint_that_takes_nothing_is_as_unknown_as_one_that_is_not_there(
    service: ServiceUnderTest, hooks: Any, buyer: Buyer, hook_sink: Any
):
    ordinary = await hooks.endpoint(hook_sink.url())
    found = [
        await buyer.send(a_return(), path=f"/v1/webhook-endpoints/{endpoint_id}/incoming")
        for endpoint_id in (ordinary["id"], "whe_none")
    ]
    assert [answer.status_code for answer in found] == [404, 404]


async def test_i2_24_a_body_that_is_too_large_is_refused(hooks: Any, buyer: Buyer):
    assert (await buyer.send(a_return(comment="x" * 70_000))).status_code == 413
