"""N2.12, N5.3: templates over HTTP: versions, preview, test send, limits, and what a template in use is."""

from typing import Any

import pytest
from contracts.events.assignment import CampaignChangedV1
from servicekit.testing import ServiceUnderTest

TEMPLATES = "/v1/templates"
SAMPLE = {"lead": {"external_id": "CRM-1", "name": "Aino"}}
NEW = {
    "name": "Answer",
    "subject": "About {{ lead.external_id }}",
    "html": "<style>p { color: red }</style><p>Dear <b>{{ lead.name }}</b></p><a href='https://a.example/x'>here</a>",
    "sample": SAMPLE,
}


async def test_n2_12_a_change_makes_a_version_and_older_ones_stay(service: ServiceUnderTest, make_template: Any):
    made = await make_template()
    path = f"{TEMPLATES}/{made['id']}"
    headers = service.headers("admin", user_id="usr_a")
    changed = await service.http.patch(path, json={"subject": "New"}, headers=headers | {"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["version"], changed.headers["ETag"]) == (200, 2, '"2"')
    stale = await service.http.patch(path, json={"subject": "Newer"}, headers=headers | {"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version-stale")
    same = await service.http.patch(path, json={"subject": "New"}, headers=headers)
    assert same.json()["version"] == 2
    versions = (await service.http.get(f"{path}/versions", headers=headers)).json()["data"]
    assert [(v["version"], v["subject"], v["created_by"]) for v in versions] == [
        (2, "New", "usr_a"),
        (1, NEW["subject"], "usr_test"),
    ]


async def test_n2_12_a_template_in_use_cannot_be_deleted_and_the_uses_are_named(
    service: ServiceUnderTest, make_template: Any, make_partner: Any
):
    made = await make_template()
    key, headers = made["id"], service.headers()
    await service.deliver(make_partner(1, auto_response_template_id=key))
    await service.deliver(CampaignChangedV1(project_id="prj_9", agent_ids=[], email_template_ids=[key, "tpl_x"]))
    rule = {
        "name": "R",
        "event_types": ["intake.lead.rejected.v1"],
        "recipients": [{"kind": "users", "access_level": "supervisor"}],
        "template_id": key,
    }
    rule_id = (await service.http.post("/v1/notification-rules", json=rule, headers=headers)).json()["id"]
    refused = await service.http.delete(f"{TEMPLATES}/{key}", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "template-in-use")
    assert [(use["kind"], use["id"]) for use in refused.json()["uses"]] == [
        ("campaign", "prj_9"),
        ("notification_rule", rule_id),
        ("partner", "ptr_1"),
    ]
    await service.deliver(make_partner(1), 2)
    await service.deliver(CampaignChangedV1(project_id="prj_9", agent_ids=[]), 2)
    await service.http.delete(f"/v1/notification-rules/{rule_id}", headers=headers)
    assert (await service.http.delete(f"{TEMPLATES}/{key}", headers=headers)).status_code == 204
    assert (await service.http.get(f"{TEMPLATES}/{key}", headers=headers)).status_code == 404
    again = await service.http.post("/v1/notification-rules", json=rule, headers=headers)
    assert (again.status_code, again.json()["code"]) == (422, "template-unknown")
    built_in = await service.http.delete(f"{TEMPLATES}/purchase", headers=headers)
    assert (built_in.status_code, built_in.json()["code"]) == (409, "template-built-in")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"subject": "a\r\nBcc: x@y.example"}, "/subject"),
        ({"subject": "{{ lead.nothing }}"}, "/subject"),
        ({"html": "{{ lead.name"}, "/html"),
        ({"html": "{{ lead.name | safe }}"}, "/html"),
        ({"html": None}, "/html"),
        ({"text": "{% include 'x' %}"}, "/text"),
        ({"text": "{% for i in (1..1001) %}x{% endfor %}"}, "/text"),
        ({"text": "x" * 100_001}, "/text"),
        ({"sample": {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}}, "/sample"),
        ({"sample": {"a": "x" * 33_000}}, "/sample"),
        ({"odd": 1}, "/odd"),
        ({"after_lost_reply": "maybe"}, "/after_lost_reply"),
    ],
)
async def test_n5_3_what_cannot_be_rendered_is_refused_and_nothing_of_it_repeated(
    service: ServiceUnderTest, fields: dict[str, Any], pointer: str
):
    answer = await service.http.post(TEMPLATES, json=NEW | fields, headers=service.headers())
    assert answer.status_code == 422, answer.text
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert "nothing" not in answer.text
    assert "Bcc" not in answer.text
