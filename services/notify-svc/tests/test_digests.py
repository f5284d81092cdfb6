"""N2.8, N5.8: digests, per address and period, each lead once; quiet hours hold mails and lose none."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from contracts.ids import new_uuid
from notify_svc.digests import make_digests as digests
from notify_svc.digests.make_digests import make_one
from servicekit.testing import ServiceUnderTest

RECIPIENTS = "/v1/email-recipients"


async def _period_ends(service: ServiceUnderTest) -> None:
    await service.db.pool.execute("UPDATE digest_items SET due_at = date_trunc('hour', now()) WHERE email_id IS NULL")


async def _make_all(service: ServiceUnderTest) -> int:
    made = 0
    while await make_one(service.db, timedelta()):
        made += 1
    return made


@pytest.mark.parametrize("mode", ["hourly", "daily"])
async def test_n2_8_a_digest_has_every_lead_of_its_period_once(  # noqa: PLR0917 -- fixtures and a parameter
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any, mode: str
):
    await service.deliver(make_partner(1, "a@p.example", "b@p.example", purchase_notification_mode=mode))
    ids = [new_uuid() for _ in range(5)]
    for _ in range(2):
        for number, message_id in enumerate(ids, 1):
            await service.deliver(make_lead(number), message_id=message_id)
    assert await mailer.rows() == []
    assert await _make_all(service) == 0
    await _period_ends(service)
    assert await _make_all(service) == 2
    await service.db.pool.execute("DELETE FROM inbox")
    for number, message_id in enumerate(ids, 1):
        await service.deliver(make_lead(number), message_id=message_id)
    await _period_ends(service)
    assert await _make_all(service) == 0
    await mailer.settle(mailer.sender(sink.port))
    assert sorted(mail.recipients[0] for mail in sink.mails) == ["a@p.example", "b@p.example"]
    for mail in sink.mails:
        assert str(mail.message["Subject"]).startswith("5 notifications, ")
        for number in range(1, 6):
            assert mail.body("plain").count(f"words about {number}") == 1
            assert mail.body("html").count(f"words about {number}") == 1


async def test_n2_8_digests_made_by_several_at_once_have_each_lead_once(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any, monkeypatch: pytest.MonkeyPatch
):
    """More than one mail holds go in several."""
    monkeypatch.setattr(digests, "MOST_ITEMS", 4)
    await service.deliver(make_partner(1, "a@p.example", "b@p.example", purchase_notification_mode="hourly"))
    for number in range(1, 11):
        await service.deliver(make_lead(number))
    await _period_ends(service)
    made = await asyncio.gather(*(_make_all(service) for _ in range(4)))
    assert sum(made) == 6
    told = [(row["recipient"], item["lead_id"]) for row in await mailer.rows() for item in row["variables"]["items"]]
    assert sorted(told) == sorted((f"{who}@p.example", f"lead_{n:04}") for who in "ab" for n in range(1, 11))


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
    found = await service.http.get(RECIPIENTS, params={"address": "B@p.example"}, headers=headers)
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
