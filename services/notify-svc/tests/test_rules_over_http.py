"""N5.7: rules are seen, made, changed and deleted; what they said before is kept."""

from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest

RULES = "/v1/notification-rules"


async def test_n5_7_built_in_rules_are_visible_and_cannot_be_deleted(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    headers = service.headers()
    listed = (await service.http.get(RULES, headers=headers)).json()["data"]
    built_in = {rule["id"]: rule["template_id"] for rule in listed if rule["built_in"]}
    assert built_in.keys() == {
        "rul_purchase", "rul_return", "rul_return_answer", "rul_auto_response", "rul_campaign", "rul_alarm",
    }  # fmt: skip
    for rule_id in built_in:
        refused = await service.http.delete(f"{RULES}/{rule_id}", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "rule-built-in")
    renamed = await service.http.patch(f"{RULES}/rul_return", json={"name": "X"}, headers=headers)
    assert (renamed.status_code, renamed.json()["code"]) == (409, "rule-built-in")
    off = await service.http.patch(f"{RULES}/rul_purchase", json={"active": False}, headers=headers)
    assert off.status_code == 200
    await service.deliver(make_partner())
    await service.deliver(make_lead())
    assert await mailer.rows() == []


async def test_n5_7_what_a_rule_said_before_is_kept(service: ServiceUnderTest, new_rule: Any):
    made = await new_rule()
    path, headers = f"{RULES}/{made['id']}", service.headers("supervisor", user_id="usr_s")
    stale = await service.http.patch(path, json={"name": "B"}, headers=headers | {"If-Match": '"9"'})
    assert stale.status_code == 412
    changed = await service.http.patch(path, json={"name": "B"}, headers=headers | {"If-Match": '"1"'})
    assert (changed.json()["version"], changed.json()["changed_by"]) == (2, "usr_s")
    assert (await service.http.delete(path, headers=headers)).status_code == 204
    kept = (await service.http.get(f"{path}/versions", headers=headers)).json()["data"]
    assert [(v["version"], v["content"]["name"], v["changed_by"]) for v in kept] == [
        (2, "B", "usr_s"),
        (1, "Rejections", "usr_test"),
    ]
    assert (await service.http.get(path, headers=headers)).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"event_types": ["intake.nothing.v1"]},
        {"event_types": []},
        {"recipients": [{"kind": "address"}]},
        {"recipients": [{"kind": "address", "address": "a@b.example\nBcc: c@d.example"}]},
        {"recipients": [{"kind": "buyer", "address": "a@b.example"}]},
        {"recipients": [{"kind": "users", "access_level": "partner"}]},
        {"template_id": "tpl_none"},
        {"filter": {"odd": []}},
        {"built_in": True},
    ],
)
async def test_n5_7_odd_rules_are_refused(service: ServiceUnderTest, fields: dict[str, Any]):
    body: dict[str, Any] = {
        "name": "R",
        "event_types": ["intake.lead.rejected.v1"],
        "recipients": [{"kind": "address", "address": "a@b.example"}],
        "template_id": "purchase",
    }
    assert (await service.http.post(RULES, json=body | fields, headers=service.headers())).status_code == 422
