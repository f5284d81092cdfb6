"""N5.8: what recipients wish: kept, changed, and kept to."""

from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest

RECIPIENTS = "/v1/email-recipients"


async def test_n5_8_what_the_recipient_wants_goes_before_what_the_partner_says(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    headers = service.headers("supervisor")
    for address, mode in (("now@p.example", "immediate"), ("Later@P.example", "daily")):
        answer = await service.http.post(RECIPIENTS, json={"address": address, "digest": mode}, headers=headers)
        assert answer.status_code == 201, answer.text
    await service.deliver(
        make_partner(1, "now@p.example", "later@p.example", "c@p.example", purchase_notification_mode="hourly")
    )
    await service.deliver(make_lead())
    assert [row["recipient"] for row in await mailer.rows()] == ["now@p.example"]
    modes = await service.db.pool.fetch("SELECT recipient, mode FROM digest_items ORDER BY 1")
    assert [tuple(row) for row in modes] == [("c@p.example", "hourly"), ("later@p.example", "daily")]


async def test_n5_8_quiet_hours_hold_mails_and_let_them_go(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """Held without an attempt; when the recipient changes its hours, the mail is looked at again."""
    headers = service.headers()
    body = {"address": "buyer1@p1.example", "quiet_from": "00:00", "quiet_until": "23:59:59.999999"}
    made = await service.http.post(RECIPIENTS, json=body, headers=headers)
    assert made.status_code == 201, made.text
    await service.deliver(make_partner())
    await service.deliver(make_partner(2))
    await service.deliver(make_lead())
    await service.deliver(make_lead(2, partner=2))
    await mailer.settle(mailer.sender(sink.port))
    assert [mail.recipients for mail in sink.mails] == [["buyer2@p2.example"]]
    held, _ = await mailer.rows()
    assert (held["state"], held["attempts"], held["reason"]) == ("queued", 0, "quiet-hours")
    assert await mailer.log() == ["sent"]
    path = f"{RECIPIENTS}/{made.json()['id']}"
    half = await service.http.patch(path, json={"quiet_from": None}, headers=headers)
    assert (half.status_code, half.json()["code"]) == (422, "quiet-hours-incomplete")
    none = {"quiet_from": None, "quiet_until": None}
    stale = await service.http.patch(path, json=none, headers=headers | {"If-Match": '"7"'})
    assert stale.status_code == 412
    assert (await service.http.patch(path, json=none, headers=headers | {"If-Match": '"1"'})).status_code == 200
    await mailer.settle(mailer.sender(sink.port))
    assert [row["state"] for row in await mailer.rows()] == ["sent", "sent"]


async def test_n5_8_recipients_are_listed_found_and_deleted(service: ServiceUnderTest):
    headers = service.headers()
    for name in "cab":
        body = {"address": f"{name}@p.example", "time_zone": "Europe/Helsinki", "digest_at": "06:30"}
        await service.http.post(RECIPIENTS, json=body, headers=headers)
    page = (await service.http.get(RECIPIENTS, params={"limit": 2}, headers=headers)).json()
    assert [row["address"] for row in page["data"]] == ["a@p.example", "b@p.example"]
    rest = await service.http.get(RECIPIENTS, params={"cursor": page["next_cursor"]}, headers=headers)
    [last] = rest.json()["data"]
    assert (last["address"], last["time_zone"], last["digest_at"]) == ("c@p.example", "Europe/Helsinki", "06:30")
    twice = await service.http.post(RECIPIENTS, json={"address": "A@p.example"}, headers=headers)
    assert (twice.status_code, twice.json()["code"]) == (409, "recipient-exists")
    found = await service.http.post(f"{RECIPIENTS}/search", json={"address": "B@p.example"}, headers=headers)
    [row] = found.json()["data"]
    assert (await service.http.delete(f"{RECIPIENTS}/{row['id']}", headers=headers)).status_code == 204
    assert (await service.http.get(f"{RECIPIENTS}/{row['id']}", headers=headers)).status_code == 404
    assert (await service.http.delete(f"{RECIPIENTS}/{row['id']}", headers=headers)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"address": "a@b.example\r\nX: y"},
        {"address": "a@b.example", "time_zone": "Mars/Olympus"},
        {"address": "a@b.example", "time_zone": "../../etc/passwd"},
        {"address": "a@b.example", "quiet_from": "25:00", "quiet_until": "07:00"},
        {"address": "a@b.example", "quiet_from": "22:00"},
        {"address": "a@b.example", "quiet_from": "22:00+02:00", "quiet_until": "07:00"},
        {"address": "a@b.example", "digest": "weekly"},
        {"address": "a@b.example", "version": 3},
    ],
)
async def test_n5_8_odd_wishes_are_refused(service: ServiceUnderTest, body: dict[str, Any]):
    assert (await service.http.post(RECIPIENTS, json=body, headers=service.headers())).status_code == 422
