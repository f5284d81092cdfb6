"""N5.2: suppressed addresses are shown, made by people, and lifted by admins."""

from typing import Any

from servicekit.testing import ServiceUnderTest

SUPPRESSIONS = "/v1/email-suppressions"


ADDRESS = "buyer1@p1.example"


async def test_n5_2_a_refused_address_is_suppressed_shown_and_lifted_by_an_admin(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner())
    await service.deliver(make_lead())

    def refuse(_: str) -> str | None:
        return "550 5.1.1 no such user"

    accept, sink.on_rcpt = sink.on_rcpt, refuse
    await mailer.settle(mailer.sender(sink.port))
    sink.on_rcpt = accept
    params = {"address": ADDRESS.upper()}
    found = await service.http.post(f"{SUPPRESSIONS}/search", json=params, headers=service.headers())
    [row] = found.json()["data"]
    assert (row["kind"], row["code"], row["reply"]) == ("refused", 550, "5.1.1 no such user")
    path = f"{SUPPRESSIONS}/{row['id']}"
    [mail] = await mailer.rows()
    resend = f"/v1/emails/{mail['id']}/resend"
    refused = await service.http.post(resend, headers=service.headers())
    assert (refused.status_code, refused.json()["code"]) == (409, "email-suppressed")
    assert (await service.http.delete(path, headers=service.headers("supervisor"))).status_code == 403
    assert (await service.http.delete(path, headers=service.headers("admin"))).status_code == 204
    assert (await service.http.get(path, headers=service.headers())).status_code == 404
    assert (await service.http.post(resend, headers=service.headers())).status_code == 200
    await mailer.settle(mailer.sender(sink.port))
    assert (await mailer.rows())[0]["state"] == "sent"


async def test_n5_2_people_suppress_addresses_too(service: ServiceUnderTest):
    headers = service.headers("supervisor", user_id="usr_s")
    body = {"address": "Gone@P.example", "reason": "left the company"}
    made = await service.http.post(SUPPRESSIONS, json=body, headers=headers)
    assert (made.status_code, made.json()["address"], made.json()["created_by"]) == (201, "gone@p.example", "usr_s")
    twice = await service.http.post(SUPPRESSIONS, json=body, headers=headers)
    assert (twice.status_code, twice.json()["code"]) == (409, "address-suppressed")


async def test_pages_of_suppressions_show_each_once(service: ServiceUnderTest):
    headers = service.headers()
    for number in range(5):
        await service.http.post(SUPPRESSIONS, json={"address": f"{number}@p.example", "reason": "x"}, headers=headers)
    first = (await service.http.get(SUPPRESSIONS, params={"limit": 3}, headers=headers)).json()
    rest = (await service.http.get(SUPPRESSIONS, params={"cursor": first["next_cursor"]}, headers=headers)).json()
    assert [row["address"][0] for row in first["data"] + rest["data"]] == ["4", "3", "2", "1", "0"]
