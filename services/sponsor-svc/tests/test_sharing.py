"""S0.13: a link shows the statistics of one sponsor, read only, to whoever has it, until it ends."""

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.events.intake import LeadAcceptedV1
from contracts.events.sponsor import StatisticsLinkCreatedV1, StatisticsLinkRevokedV1
from servicekit.testing import ServiceUnderTest

pytestmark = pytest.mark.usefixtures("two_sponsors")
PASSWORD = "a password of theirs"


def soon(**more: float) -> str:
    return (datetime.now(UTC) + timedelta(**(more or {"days": 1}))).isoformat()


@dataclass(frozen=True)
class Links:
    service: ServiceUnderTest

    async def create(self, headers: dict[str, str] | None = None, status: int = 201, **body: Any) -> Any:
        wanted = {"sponsor_id": "spo_a", "expires_at": soon()} | body
        wanted = {name: value for name, value in wanted.items() if value is not None}
        answer = await self.service.http.post(
            "/v1/statistics-links", json=wanted, headers=headers or self.service.headers()
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    async def open(self, token: str, password: str | None = None) -> Any:
        body = {"token": token} | ({"password": password} if password else {})
        return await self.service.http.post("/v1/shared-statistics", json=body)

    async def ticket(self, token: str, password: str | None = None) -> dict[str, str]:
        opened = await self.open(token, password)
        assert opened.status_code == 201, opened.text
        return {"Leadwire-Ticket": opened.json()["ticket"]}

    async def received(self, ticket: dict[str, str], query: str = "") -> Any:
        """How many leads were received; the status, if that is refused."""
        answer = await self.service.http.get(f"/v1/shared-statistics{query}", headers=ticket)
        return answer.json()["totals"]["received"] if answer.status_code == 200 else answer.status_code

    async def revoke(self, link_id: str, headers: dict[str, str] | None = None) -> int:
        place = f"/v1/statistics-links/{link_id}"
        return (await self.service.http.delete(place, headers=headers or self.service.headers())).status_code


@pytest.fixture
def links(service: ServiceUnderTest) -> Links:
    return Links(service)


async def test_s0_13_a_link_shows_what_the_server_fixed_and_nothing_else(links: Links, consumer: Any, events: Any):
    await consumer.hear(events().of(LeadAcceptedV1), events("spo_a", "prj_x").of(LeadAcceptedV1, 2))
    await consumer.hear(*(events("spo_b", "prj_b").of(LeadAcceptedV1, n) for n in range(5)))
    whole = await links.ticket((await links.create())["token"])
    project = await links.ticket((await links.create(project_id="prj_a"))["token"])
    assert (await links.received(whole), await links.received(project)) == (2, 1)
    assert await links.received(whole, "?by=day&from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z") == 2
    for query in ("sponsor_id=spo_b", "project_id=prj_b", "partner_id=ptr_a"):
        assert await links.received(whole, f"?{query}") == 422, "scope is no question"
    for other in ("statistics", "leads", "projects", "statistics-links"):
        answer = await links.service.http.get(f"/v1/{other}", headers=whole)
        assert answer.status_code in {401, 404}


async def test_s0_13_the_token_is_shown_once_and_kept_as_a_hash(links: Links):
    headers = links.service.headers() | {"Idempotency-Key": "k"}
    body: dict[str, Any] = {"expires_at": soon(), "name": "for the board"}
    made = await links.create(headers, 201, **body)
    assert (await links.create(headers, 201, **body)) == made | {"token": ""}
    rows = await links.service.db.pool.fetch("SELECT * FROM statistics_links")
    assert [row["token_hash"] for row in rows] == [hashlib.sha256(made["token"].encode()).digest()]
    tables = await links.service.db.pool.fetch("SELECT body FROM outbox UNION ALL SELECT body FROM idempotency_keys")
    assert not any(made["token"].encode() in bytes(row["body"]) for row in tables)
    listed = await links.service.http.get("/v1/statistics-links", headers=links.service.headers())
    assert made["token"] not in listed.text
    assert [row["id"] for row in listed.json()["data"]] == [made["id"]]
    opened = await links.open(made["token"])
    assert opened.headers["Cache-Control"] == "no-store"
    kept = await links.service.db.pool.fetchval("SELECT ticket_hash FROM statistics_visits")
    assert kept == hashlib.sha256(opened.json()["ticket"].encode()).digest()


async def test_s0_13_what_ended_shows_nothing_and_answers_as_what_never_was(links: Links):
    made = [await links.create() for _ in range(3)]
    tickets = [await links.ticket(link["token"]) for link in made]
    assert [await links.revoke(made[0]["id"]) for _ in range(2)] == [204, 204]
    await links.service.db.pool.execute(
        "UPDATE statistics_links SET expires_at = now() - interval '1 second' WHERE id = $1", made[1]["id"]
    )
    assert [await links.received(ticket) for ticket in tickets] == [401, 401, 0]
    tokens = (made[0]["token"], made[1]["token"], "lws_never")
    answers = [await links.open(token) for token in tokens]
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {(401, answers[0].json()["detail"])}
    assert await links.received({}) == await links.received({"Leadwire-Ticket": "lwv_x"}) == 401
    created, revoked = (
        await links.service.published(StatisticsLinkCreatedV1),
        await links.service.published(StatisticsLinkRevokedV1),
    )
    assert (len(created), len(revoked)) == (3, 1)


async def test_s0_13_a_ticket_lasts_an_hour_and_never_longer_than_its_link(links: Links):
    for expires_at, longest in ((soon(days=9), timedelta(hours=1)), (soon(minutes=5), timedelta(minutes=5))):
        opened = (await links.open((await links.create(expires_at=expires_at))["token"])).json()
        left = datetime.fromisoformat(opened["expires_at"]) - datetime.now(UTC)
        assert timedelta() < longest - left < timedelta(minutes=1)


async def test_s0_13_a_password_is_asked_for_and_guessing_is_stopped_even_all_at_once(links: Links):
    token = (await links.create(password=PASSWORD))["token"]
    hashed = await links.service.db.pool.fetchval("SELECT password_hash FROM statistics_links")
    assert hashed.startswith("$argon2id$")
    assert (await links.open(token)).json()["code"] == "password-wrong"
    await links.ticket(token, PASSWORD)
    answers = await asyncio.gather(*(links.open(token, f"guess {n}") for n in range(12)))
    assert Counter(answer.status_code for answer in answers) == {401: 5, 429: 7}
    refused = await links.open(token, PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    await links.service.db.pool.execute("UPDATE statistics_links SET tried_at = now() - interval '16 minutes'")
    await links.ticket(token, PASSWORD)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"sponsor_id": None}, "sponsor-required"),
        ({"sponsor_id": "spo_none"}, "sponsor-unknown"),
        ({"project_id": "prj_b"}, "project-unknown"),
        ({"expires_at": soon(days=-1)}, "expiry-invalid"),
        ({"expires_at": soon(days=400)}, "expiry-invalid"),
        ({"password": "short"}, "validation-failed"),
        ({"made_by": "usr_x"}, "validation-failed"),
    ],
)
async def test_s0_13_a_link_that_makes_no_sense_is_refused(links: Links, body: Any, code: str):
    assert (await links.create(status=422, **body))["code"] == code


async def test_s0_13_accounts_share_their_own_where_they_may_open_statistics(links: Links):
    service = links.service
    mine = service.headers("sponsor", sponsor_id="spo_a", pages=["statistics"])
    admins = await links.create(sponsor_id="spo_b")
    made = await links.create(mine, sponsor_id=None)
    assert made["sponsor_id"] == "spo_a"
    await links.create(mine, 422, sponsor_id="spo_b")
    listed = (await service.http.get("/v1/statistics-links", headers=mine)).json()["data"]
    assert [row["id"] for row in listed] == [made["id"]]
    for link_id in (admins["id"], "lnk_none"):
        assert (await service.http.get(f"/v1/statistics-links/{link_id}", headers=mine)).status_code == 404
        assert await links.revoke(link_id, mine) == 404
    assert await links.revoke(made["id"], mine) == 204
    closed = service.headers("sponsor", sponsor_id="spo_a", pages=["overview", "leads"])
    for headers in (closed, *(service.headers(level) for level in ("supervisor", "leads_agent", "partner"))):
        assert (await service.http.get("/v1/statistics-links", headers=headers)).status_code == 403
        await links.create(headers, 403)
        assert await links.revoke(admins["id"], headers) == 403


async def test_s0_13_what_an_account_shared_ends_with_what_it_may_see(links: Links, api: Any):
    """And comes back with it: the account is looked at whenever the link is used."""
    http, admin = links.service.http, links.service.headers()
    await http.put("/v1/sponsor-accounts/settings", json={"enabled": True}, headers=admin)
    await api.create("sponsor-accounts", user_id="usr_1", sponsor_ids=["spo_a"], pages=["statistics"])
    account = links.service.headers("sponsor", user_id="usr_1", sponsor_id="spo_a")
    token = (await links.create(account))["token"]
    ticket = await links.ticket(token)
    for taken, given in (
        ({"active": False}, {"active": True}),
        ({"pages": ["leads"]}, {"pages": ["statistics"]}),
        ({"sponsor_ids": ["spo_b"]}, {"sponsor_ids": ["spo_a", "spo_b"]}),
    ):
        await api.patch("sponsor-accounts/usr_1", **taken)
        assert (await links.received(ticket), (await links.open(token)).status_code) == (401, 401)
        await api.patch("sponsor-accounts/usr_1", **given)
        assert await links.received(ticket) == 0
    await http.put("/v1/sponsor-accounts/settings", json={"enabled": False}, headers=admin)
    assert await links.received(ticket) == 401
