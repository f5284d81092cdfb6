"""S0.11, S0.13: live pages end with the rights of whoever looks, and nobody opens any number of them."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.events.identity import UserDeactivatedV1
from contracts.events.intake import LeadAcceptedV1
from servicekit.testing import ServiceUnderTest
from sponsor_svc.statistics.live import MOST_PAGES

pytestmark = pytest.mark.usefixtures("two_sponsors")


async def ends(page: Any) -> None:
    async with asyncio.timeout(10):
        with pytest.raises(EOFError):
            await page.event()


@pytest.fixture
async def ticket(service: ServiceUnderTest) -> tuple[str, dict[str, str]]:
    """Of a link of an admin, with its id."""
    expires_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"sponsor_id": "spo_a", "expires_at": expires_at}
    made = (await service.http.post("/v1/statistics-links", json=body, headers=service.headers())).json()
    opened = await service.http.post("/v1/shared-statistics", json={"token": made["token"]})
    return made["id"], {"Leadwire-Ticket": opened.json()["ticket"]}


async def test_s0_11_the_page_of_an_account_that_is_switched_off_is_closed(api_server: Any, api: Any):
    made = {"user_id": "usr_test", "sponsor_ids": ["spo_a"], "pages": ["statistics"]}
    await api.create("sponsor-accounts", **made)
    async with api_server.open("", "sponsor", "spo_a") as page:
        await page.counts()
        await api.patch("sponsor-accounts/usr_test", active=False)
        await ends(page)


async def test_g6_1_the_page_of_a_user_who_is_deactivated_is_closed(service: ServiceUnderTest, api_server: Any):
    gone = UserDeactivatedV1(
        user_id="usr_test", email="a@example.com", name="A", access_level="supervisor", active=False
    )
    async with api_server.open("", "supervisor") as page:
        await page.counts()
        await service.deliver(gone)
        await ends(page)


async def test_s0_13_a_link_is_live_until_it_is_revoked(
    service: ServiceUnderTest, api_server: Any, consumer: Any, events: Any, ticket: tuple[str, dict[str, str]]
):
    link_id, headers = ticket
    async with api_server.open("", more=headers, path="shared-statistics") as page:
        assert (await page.counts())["received"] == 0
        await consumer.hear(*(events("spo_b", "prj_b").of(LeadAcceptedV1, n) for n in range(5)))
        await consumer.hear(events().of(LeadAcceptedV1))
        async with asyncio.timeout(10):
            assert (await page.counts())["received"] == 1, "and nothing of the other sponsor's"
        await service.http.delete(f"/v1/statistics-links/{link_id}", headers=service.headers())
        await ends(page)
    refused = await api_server.client.get("/v1/shared-statistics/stream", headers=headers)
    assert refused.status_code == 401


async def test_s0_12_nobody_holds_more_than_twenty_pages(api_server: Any, ticket: tuple[str, dict[str, str]]):
    _, headers = ticket
    async with AsyncExitStack() as pages:
        for _ in range(MOST_PAGES):
            await pages.enter_async_context(api_server.open(""))
        refused = await api_server.client.get("/v1/statistics/stream", headers=api_server.headers("admin"))
        assert (refused.status_code, refused.json()["code"]) == (429, "too-many-streams")
        assert "Retry-After" in refused.headers
        async with api_server.open("", more=headers, path="shared-statistics") as other:
            await other.counts()
    async with api_server.open("") as page:
        await page.counts()
