"""Posts of web forms and form tools (I2.28)."""

from typing import Any

import httpx2
import pytest
from contracts.events.intake import LeadAcceptedV1
from lead_intake_svc.testing import World, bearer
from servicekit.testing import http_client

MAPPING = {
    "full_name": "Your name",
    "phone": "tel",
    "email": "mail",
    "custom.size": "answers.0.value",
    "address.postcode": "zip",
    "consent": "agree",
}
FIELDS = {"Your name": "Anna Maija Virtanen", "tel": "040 123 4567", "mail": "Anna@Example.com", "agree": "on"}


async def make_form(world: World, **more: Any) -> str:
    body = {"partner_id": world.partner_id, "project_id": "prj_a", "name": "Offer", "mapping": MAPPING, **more}
    created = await world.http.post("/v1/forms", json=body, headers=world.service.headers())
    assert created.status_code == 201, created.text
    return str(created.json()["id"])


async def post_from(
    world: World, address: str, form: str, data: dict[str, str], headers: dict[str, str]
) -> httpx2.Response:
    async with http_client(world.service.app, client=(address, 1)) as http:
        return await http.post(f"/v1/forms/{form}", data=data, headers=headers)


async def shown(world: World, response: httpx2.Response) -> dict[str, Any]:
    lead = await world.http.get(f"/v1/leads/{response.json()['id']}", headers=bearer(world.key))
    return dict(lead.json())


async def test_i2_28_a_form_becomes_a_lead_with_its_evidence(world: World):
    form = await make_form(world, consent_text="I agree to be called.", constants={"location": "pending"})
    headers = bearer(world.key) | {"Referer": "https://shop.example/offer"}
    sent = FIELDS | {"zip": "00100", "utm_source": "news"}
    response = await post_from(world, "198.51.100.7", form, sent, headers)
    assert response.status_code == 201, response.text
    assert (response.json()["status"], response.json()["location"]) == ("accepted", "pending")
    lead = await shown(world, response)
    names = ("first_name", "last_name", "phone", "email", "address", "custom")
    assert [lead[name] for name in names] == [
        "Anna Maija", "Virtanen", "+358401234567", "anna@example.com", {"postcode": "00100"}, {"utm_source": "news"},
    ]  # fmt: skip
    consent = lead["consent"]
    assert consent["given_at"]
    assert (consent["text"], consent["ip"], consent["source_url"]) == (
        "I agree to be called.", "198.51.100.7", "https://shop.example/offer",
    )  # fmt: skip


async def test_i2_28_urlencoded_multipart_and_json_of_another_shape_are_alike(world: World):
    form = await make_form(world)
    path = f"/v1/forms/{form}"
    one = await world.http.post(path, data=FIELDS | {"tel": "0401234561"}, headers=bearer(world.key))
    parts = {name: (None, value) for name, value in (FIELDS | {"tel": "0401234562"}).items()}
    two = await world.http.post(path, files=parts, headers=bearer(world.key))
    tool = FIELDS | {"tel": "0401234563", "answers": [{"value": 120}, {"value": None}], "meta": {"id": 7}}
    three = await world.http.post(path, json=tool, headers=bearer(world.key))
    for response in (one, two, three):
        assert (response.status_code, response.json()["status"]) == (201, "accepted"), response.text
    assert (await shown(world, three))["custom"] == {"size": 120, "meta.id": 7}
    assert (await shown(world, one))["consent"]["given_at"]


async def test_i2_28_the_same_post_twice_is_one_lead(world: World):
    form = await make_form(world)
    responses = [await world.http.post(f"/v1/forms/{form}", data=FIELDS, headers=bearer(world.key)) for _ in range(2)]
    assert [response.status_code for response in responses] == [201, 200]
    assert responses[0].json() == responses[1].json()
    assert len(await world.service.published(LeadAcceptedV1)) == 1


async def test_i2_28_the_same_checks_give_the_same_answers(world: World):
    form = await make_form(world, keep_unmapped=False)
    path = f"/v1/forms/{form}"
    wrong = await world.http.post(path, data=FIELDS | {"tel": "12", "mail": "no"}, headers=bearer(world.key))
    assert (wrong.status_code, wrong.json()["status"], wrong.json()["reason"]) == (201, "rejected", "phone-invalid")
    long = await world.http.post(path, data=FIELDS | {"Your name": "x" * 300}, headers=bearer(world.key))
    assert (long.status_code, long.json()["code"]) == (422, "validation-failed")
    refused = FIELDS | {"agree": "off", "x": "1", "tel": "0401234569"}
    lead = await shown(world, await world.http.post(path, data=refused, headers=bearer(world.key)))
    assert (lead["consent"], lead["custom"]) == (None, {})


async def test_i2_28_a_public_form_needs_no_key_and_has_a_trap_and_a_limit(world: World):
    private = await make_form(world)
    refused = await world.http.post(f"/v1/forms/{private}", data=FIELDS)
    assert refused.status_code == 401
    form = await make_form(world, public=True, honeypot="website", per_minute=6, per_minute_and_address=4)
    path = f"/v1/forms/{form}"
    trapped = await world.http.post(path, data=FIELDS | {"website": "http://spam"})
    assert (trapped.status_code, trapped.json()["code"]) == (422, "form-refused")
    assert await world.count("leads") == 0

    async def post(address: str, number: int) -> int:
        data = FIELDS | {"tel": f"04012345{number:02}", "website": ""}
        response = await post_from(world, address, form, data, {"X-Forwarded-For": f"192.0.2.{number}"})
        assert response.status_code != 429 or response.headers["retry-after"]
        return response.status_code

    # The clock may begin another minute meanwhile: then everything is counted anew.
    answers = [await post("198.51.100.1", number) for number in range(12)]
    assert 429 in answers
    assert answers[0] == 201
    assert 429 in [await post(f"198.51.100.{number}", number + 20) for number in range(12)]
    hits = await world.rows("SELECT who FROM form_hits")
    assert not any("198.51" in row["who"] for row in hits)


async def test_i2_28_browsers_are_sent_on(world: World):
    form = await make_form(world, success_url="https://shop.example/thanks")
    path = f"/v1/forms/{form}"
    browser = await world.http.post(path, data=FIELDS, headers=bearer(world.key))
    assert (browser.status_code, browser.headers["location"]) == (303, "https://shop.example/thanks")
    program = await world.http.post(path, json=FIELDS | {"tel": "0401234564"}, headers=bearer(world.key))
    assert program.status_code == 201


async def test_i2_28_a_form_is_for_its_partner_only(world: World):
    form = await make_form(world, public=True)
    other = await world.partner(name="Other")
    key = await world.issue(other)
    foreign = await world.http.post(f"/v1/forms/{form}", data=FIELDS, headers=bearer(key))
    unknown = await world.http.post("/v1/forms/frm_none", data=FIELDS, headers=bearer(key))
    assert foreign.status_code == unknown.status_code == 404
    headers = world.service.headers("partner", partner_id=other)
    assert (await world.http.get(f"/v1/forms/{form}", headers=headers)).status_code == 404
    assert (await world.http.get("/v1/forms", headers=headers)).json()["data"] == []
    own = world.service.headers("partner", partner_id=world.partner_id)
    assert (await world.http.get(f"/v1/forms/{form}", headers=own)).status_code == 200
    assert (await world.http.patch(f"/v1/forms/{form}", json={"public": False}, headers=own)).status_code == 403
    admin = world.service.headers()
    changed = await world.http.patch(f"/v1/forms/{form}", json={"active": False}, headers=admin | {"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (await world.http.post(f"/v1/forms/{form}", data=FIELDS)).status_code == 404
    stale = await world.http.patch(f"/v1/forms/{form}", json={"active": True}, headers=admin | {"If-Match": '"1"'})
    assert stale.status_code == 412
    assert (await world.http.delete(f"/v1/forms/{form}", headers=admin)).status_code == 204
    assert (await world.http.delete(f"/v1/forms/{form}", headers=admin)).status_code == 404
    passive = await world.partner(name="Passive", active=False)
    body = {"partner_id": passive, "project_id": "prj_a", "name": "Offer", "mapping": MAPPING, "public": True}
    quiet = (await world.http.post("/v1/forms", json=body, headers=admin)).json()["id"]
    assert (await world.http.post(f"/v1/forms/{quiet}", data=FIELDS)).json()["code"] == "partner-inactive"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"mapping": {"sponsor_id": "x"}}, "/mapping/sponsor_id/[key]"),
        ({"mapping": {}}, "/mapping"),
        ({"constants": {"custom.a b": "x"}}, "/constants/custom.a b/[key]"),
        ({"success_url": "javascript:alert(1)"}, "/success_url"),
        ({"success_url": "https://x.example/\r\nSet-Cookie: a=b"}, "/success_url"),
        ({"partner_id": "ptr_none"}, "/partner_id"),
        ({"per_minute": 0}, "/per_minute"),
    ],
)
async def test_i2_28_a_form_that_makes_no_sense_is_refused(world: World, change: dict[str, Any], pointer: str):
    body = {"partner_id": world.partner_id, "project_id": "prj_a", "name": "Offer", "mapping": MAPPING, **change}
    response = await world.http.post("/v1/forms", json=body, headers=world.service.headers())
    assert (response.status_code, [error["pointer"] for error in response.json()["errors"]]) == (422, [pointer])


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"x=1", "text/plain", 415),
        (b"a=" + b"x" * 300_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"f%d=1" % n for n in range(300)), "application/x-www-form-urlencoded", 400),
        (b"tel=%00", "application/x-www-form-urlencoded", 422),
        (b"nothing", "multipart/form-data", 400),
        (b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n1\r\n--x--\r\n',
         "multipart/form-data; boundary=x", 400),
    ],
)  # fmt: skip
async def test_i2_28_what_is_no_form_is_refused(world: World, content: bytes, media_type: str, status: int):
    form = await make_form(world)
    headers = bearer(world.key) | {"Content-Type": media_type}
    response = await world.http.post(f"/v1/forms/{form}", content=content, headers=headers)
    assert response.status_code == status, response.text
    assert await world.count("leads") == 0
