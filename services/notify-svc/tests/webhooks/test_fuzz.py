"""Whatever is sent to the service, it answers as its OpenAPI document says."""

from typing import Any

import pytest
from servicekit.fuzzing import REQUESTS, fuzz, fuzz_stories
from servicekit.testing import ServiceUnderTest

RULE = {
    "name": "R",
    "event_types": ["intake.lead.rejected.v1"],
    "recipients": [{"kind": "users", "access_level": "supervisor"}],
}


@pytest.mark.timeout(300 + 5 * REQUESTS)
async def test_no_made_up_request_brings_the_service_out_of_its_contract(
    service: ServiceUnderTest, hooks: Any, make_lead: Any, make_partner: Any, make_template: Any
):
    """`LEADWIRE_FUZZ_REQUESTS=500 python -m pytest services/notify-svc/tests/webhooks/test_fuzz.py` for a long run: so
    many requests to each operation, some 20,000 in all. `LEADWIRE_FUZZ_STORIES=600` tells as many in stories.
    `LEADWIRE_FUZZ_SEED` makes others of them.
    """
    endpoint = await hooks.endpoint("https://hooks.example.com/in", "intake.lead.*")
    template = await make_template()
    rule = await hooks.call("POST", "/v1/notification-rules", 201, json=RULE | {"template_id": template["id"]})
    await service.deliver(make_partner(1, "a@p.example"))
    await service.deliver(make_lead(1))
    email_id = await service.db.pool.fetchval("SELECT id FROM emails")
    delivery_id = await service.db.pool.fetchval("SELECT id FROM webhook_deliveries")
    callers = [
        service.headers,
        lambda: service.headers("supervisor"),
        lambda: service.headers("partner", partner_id="ptr_1"),
        lambda: service.headers("sponsor", sponsor_id="spo_1"),
        {},
    ]
    known = {
        "endpoint_id": [endpoint["id"]],
        "template_id": [template["id"]],
        "rule_id": [rule["id"]],
        "email_id": [str(email_id)],
        "delivery_id": [str(delivery_id)],
        "lead_id": ["lead_0001"],
        "partner_id": ["ptr_1"],
    }
    answered = await fuzz(service, callers, known=known)
    answered += await fuzz_stories(service, callers)
    assert {status for _, status in answered} >= {200, 204, 401, 403, 404, 422}
