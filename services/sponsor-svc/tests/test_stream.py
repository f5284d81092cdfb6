"""S0.12: open pages are told within two seconds. Over a real server, from a process other than the one that counts."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from contracts.events.intake import LeadAcceptedV1
from sponsor_svc.statistics import live, stream
from sponsor_svc.statistics.live import LiveStatistics, Snapshot, Viewer
from sponsor_svc.statistics.periods import BEGINNING, END
from sponsor_svc.statistics.question import Question
from sponsor_svc.statistics.store import Slice
from sponsor_svc.statistics.stream import StatisticsStream, Watch

pytestmark = pytest.mark.usefixtures("two_sponsors")
_LISTENING = """FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN "statistics"'"""
LISTENERS = f"SELECT count(*) {_LISTENING} AND pid <> pg_backend_pid()"
WITHIN_SECONDS = 2.0


async def test_s0_12_an_event_is_pushed_within_two_seconds(api_server: Any, consumer: Any, events: Any):
    async with api_server.open("?sponsor_id=spo_a") as page:
        assert page.response.headers["content-type"].startswith("text/event-stream")
        assert page.response.headers["cache-control"] == "no-cache"
        first = await page.counts()
        assert (first["received"], "as_of" in first) == (0, True)
        for number in range(1, 6):
            started = time.monotonic()
            await consumer.hear(events().of(LeadAcceptedV1))
            async with asyncio.timeout(WITHIN_SECONDS):
                pushed = await page.counts()
            assert pushed["received"] == number
            assert time.monotonic() - started < WITHIN_SECONDS


async def test_s0_12_a_burst_is_told_in_few_words(api_server: Any, consumer: Any, events: Any):
    async with api_server.open("") as page:
        await page.counts()
        for number in range(100):
            await consumer.hear(events().of(LeadAcceptedV1, number))
        pushes, received = 0, 0
        async with asyncio.timeout(10):
            while received < 100:
                received = (await page.counts())["received"]
                pushes += 1
        assert pushes < 50


async def test_s0_12_a_sponsor_is_told_of_its_own_only(api_server: Any, consumer: Any, events: Any):
    async with api_server.open("", "sponsor", "spo_a") as page, api_server.open("", "sponsor", "spo_b") as other:
        assert (await page.counts())["received"] == (await other.counts())["received"] == 0
        await consumer.hear(*(events("spo_b", "prj_b").of(LeadAcceptedV1, n) for n in range(5)))
        assert (await other.counts())["received"] == 5
        await consumer.hear(events().of(LeadAcceptedV1))
        assert (await page.counts())["received"] == 1, "the first push since, and nothing of the other five"
    headers = api_server.headers("sponsor", "spo_a")
    refused = await api_server.client.get("/v1/statistics/stream?sponsor_id=spo_b", headers=headers)
    assert refused.status_code == 404


async def test_s0_12_a_page_that_comes_back_is_not_told_what_it_knows(api_server: Any, consumer: Any, events: Any):
    await consumer.hear(events().of(LeadAcceptedV1))
    async with api_server.open("") as page:
        seen = await page.event()
    known = {"Last-Event-ID": seen["id"]}
    async with api_server.open("", more=known) as page:
        await consumer.hear(events().of(LeadAcceptedV1, 2))
        assert (await page.counts())["received"] == 2
    async with api_server.open("", more=known) as page:
        assert (await page.counts())["received"] == 2, "what it missed comes at once"


async def test_s0_12_many_pages_share_one_listener_and_leave_nothing(api_server: Any, api: Any):
    async with asyncio.TaskGroup() as group:
        everybody, enough = asyncio.Barrier(21), asyncio.Event()
        for _ in range(20):
            group.create_task(api_server.look(everybody, enough))
        await everybody.wait()
        await api.until_row(LISTENERS, 1)
        enough.set()
    await api.until_row(LISTENERS, 0)


async def test_s0_12_a_lost_connection_is_made_again_and_nothing_is_missed(
    service: Any, api_server: Any, api: Any, consumer: Any, events: Any
):
    """Nor is a right that was taken away meanwhile: pages are sent back, to be looked at afresh."""
    async with api_server.open("") as page:
        known = {"Last-Event-ID": (await page.event())["id"]}
        killed = await service.db.pool.fetch(f"SELECT pg_terminate_backend(pid) {_LISTENING}")
        assert len(killed) == 1
        await api.until_row(LISTENERS, 0)
        await consumer.hear(events().of(LeadAcceptedV1))
        async with asyncio.timeout(10):
            with pytest.raises(EOFError):
                await page.event()
    async with api_server.open("", more=known) as page:
        assert (await page.counts())["received"] == 1


async def test_s0_12_streams_end_when_the_server_stops(api_server: Any):
    async with api_server.open("") as page:
        await page.counts()
        started = time.monotonic()
        api_server.stop.set()
        with pytest.raises(EOFError):
            await page.event()
        await api_server.serving
        assert time.monotonic() - started < 5


async def test_s0_12_a_page_that_comes_back_elsewhere_is_never_shown_what_was_before(
    service: Any, consumer: Any, events: Any, monkeypatch: pytest.MonkeyPatch
):
    """The process that it comes back to has not heard yet of what the one that it comes from has shown."""
    monkeypatch.setattr(live, "PACE_SECONDS", 0.5)
    question = Question(Slice("all", ("",), ("",)), BEGINNING, END)
    here, elsewhere = LiveStatistics(service.db), LiveStatistics(service.db)
    async with here.watching(question) as long_open:
        old = await long_open.next(10)
        await consumer.hear(events().of(LeadAcceptedV1))
        async with elsewhere.watching(question) as page:
            known = await page.next(10)
        async with here.watching(question) as page:
            shown = await page.next(10)
        assert old
        assert known
        assert shown
        assert old.id != known.id == shown.id


async def test_s0_12_silence_is_filled_with_comments(api_server: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream, "KEEP_ALIVE_SECONDS", 0.05)
    async with api_server.open("") as page:
        await page.counts()
        async with asyncio.timeout(5):
            assert [line async for line in _first_comments(page)] == [": ping"] * 3


async def _first_comments(page: Any) -> AsyncIterator[str]:
    seen = 0
    async for line in page.lines:
        if line.startswith(":"):
            yield line
            seen += 1
            if seen == 3:
                return


async def test_s0_12_a_page_is_authorised_afresh_now_and_then(api_server: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream, "LONGEST_SECONDS", 0.2)
    monkeypatch.setattr(stream, "KEEP_ALIVE_SECONDS", 0.05)
    async with api_server.open("") as page:
        await page.counts()
        async with asyncio.timeout(5):
            with pytest.raises(EOFError):
                await page.event()


async def test_s0_12_a_slow_client_is_dropped(service: Any, monkeypatch: pytest.MonkeyPatch):
    """It takes the head of the answer and nothing more."""
    monkeypatch.setattr(stream, "PATIENCE_SECONDS", 0.1)
    live = LiveStatistics(service.db)
    response = StatisticsStream(live, Watch(Question(Slice("all", ("",), ("",)), BEGINNING, END), ()), None)
    taken: list[str] = []
    never = asyncio.Event()

    async def send(message: Any) -> None:
        taken.append(message["type"])
        if message["type"] == "http.response.body":
            await never.wait()

    async def receive() -> dict[str, str]:
        await never.wait()
        return {"type": "http.disconnect"}

    async with asyncio.timeout(5):
        await response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)
    assert taken == ["http.response.start", "http.response.body"]
    assert live.viewers == 0


async def test_s0_12_what_a_slow_client_missed_is_not_kept_for_it():
    viewer = Viewer()
    for number in range(10_000):
        viewer.show(Snapshot(str(number), ""))
    newest = await viewer.next(1)
    assert newest is not None
    assert newest.id == "9999"
    assert await viewer.next(0.01) is None
