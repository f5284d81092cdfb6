"""N5.5: what slow domains take away from others."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import pytest
from notify_svc.lanes import Lanes

pytestmark = pytest.mark.alone


async def test_n5_5_a_slow_conversation_gives_its_place_away_until_its_domain_is_quick_again():
    lanes = Lanes(2)
    slow = asyncio.Event()

    async def hang(domain: str) -> None:
        async with lanes.place(domain):
            await slow.wait()

    async with lanes.place("slow.example"), lanes.place("quick.example"):
        pass
    hanging = [asyncio.create_task(hang("slow.example")) for _ in range(2)]
    await asyncio.sleep(0)  # both have begun, in the places of those that are known to be quick
    assert lanes.aside == 0
    async with asyncio.timeout(10):
        for _ in range(4):
            async with lanes.place("quick.example"):
                pass
    assert (lanes.aside, lanes.slow) == (2, {"slow.example"})
    slow.set()
    await asyncio.gather(*hanging)
    assert lanes.aside == 0
    async with lanes.place("slow.example"):
        pass
    assert lanes.slow == frozenset()


async def test_n5_5_a_domain_that_nobody_knows_has_one_place_until_it_has_shown_that_it_is_quick():
    lanes = Lanes(3)
    began: list[str] = []
    go_on = asyncio.Event()

    async def converse(domain: str) -> None:
        async with lanes.place(domain):
            began.append(domain)
            await go_on.wait()

    new = [asyncio.create_task(converse("new.example")) for _ in range(3)]
    await asyncio.sleep(0)  # all have asked
    async with asyncio.timeout(10), lanes.place("quick.example"):
        assert began == ["new.example"]
    go_on.set()
    await asyncio.gather(*new)
    assert began == ["new.example"] * 3


async def test_n5_5_a_domain_has_its_share_of_the_places_and_the_rest_wait_without_one():
    lanes = Lanes(3, per_lane=2)
    began: list[str] = []
    go_on = asyncio.Event()

    async def converse(domain: str) -> None:
        async with lanes.place(domain):
            began.append(domain)
            await go_on.wait()

    async with lanes.place("busy.example"), lanes.place("quick.example"):
        pass  # both are known to be quick
    busy = [asyncio.create_task(converse("busy.example")) for _ in range(5)]
    await asyncio.sleep(0)
    async with asyncio.timeout(10), lanes.place("quick.example"):
        assert began == ["busy.example"] * 2
    go_on.set()
    await asyncio.gather(*busy)
    assert began == ["busy.example"] * 5


async def test_n5_5_what_a_slow_domain_begins_takes_nobodys_place():
    lanes = Lanes(1)
    stop = asyncio.Event()

    async def hang() -> None:
        async with lanes.place("slow.example"):
            await stop.wait()

    hanging = [asyncio.create_task(hang()) for _ in range(2)]
    await asyncio.sleep(0)  # both have asked
    async with asyncio.timeout(10), lanes.place("quick.example"):
        assert (lanes.aside, lanes.slow) == (1, {"slow.example"})
    stop.set()
    await asyncio.gather(*hanging)
    assert (lanes.aside, lanes.slow) == (0, frozenset())


SLOW_SECONDS = 30.0
MAILS = 160
PAIRS = 6


@dataclass
class Half:
    """A ledger, its sender, and a sink that takes 100 ms for each mail, but for the slow domain's."""

    mailer: Any
    sink: Any
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def took(self, *leads: Any) -> float:
        """Until the quick domains' mails are sent."""
        await self.mailer.service.as_owner("TRUNCATE email_log, digest_items, emails")
        for lead in leads:
            await self.mailer.service.deliver(lead)
        self.stop.clear()
        began = time.monotonic()
        async with self.mailer.running(self.mailer.sender(self.sink.port, smtp_timeout_seconds=60)):
            await self.mailer.until(f"count(*) = {MAILS} FROM emails WHERE state = 'sent' AND domain LIKE 'quick%'")
            seconds = time.monotonic() - began
            self.stop.set()
        return seconds

    def slow_for(self, seconds: float | None) -> Any:
        async def answer(_: Any) -> None:
            slow = self.sink.mails[-1].recipients[0].endswith("slow.example")
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds if slow else 0.1):
                    await self.stop.wait()

        return answer


@pytest.mark.parametrize("kind", ["slow", "dead"])
async def test_n5_5_a_slow_or_dead_domain_delays_others_by_a_tenth_at_most(  # noqa: PLR0917 -- fixtures and a parameter
    mailer: Any, mailer_beside: Any, sink: Any, sink_beside: Any, make_lead: Any, make_partner: Any, kind: str
):
    """With 40 older mails to a domain that answers after 30 s, or never, against the same without them in another
    ledger at the same time: what else the machine does, it does to both. The median of pairs; the ledgers take turns.
    """
    halves = [Half(mailer, sink), Half(mailer_beside, sink_beside)]
    for half in halves:
        half.sink.on_data = half.slow_for(SLOW_SECONDS if kind == "slow" else None)
        await half.mailer.service.deliver(make_partner(1, *(f"{n}@slow.example" for n in range(40))))
        quick = (f"{n}@quick{n % 10}.example" for n in range(MAILS))
        await half.mailer.service.deliver(make_partner(2, *quick))
    ratios: list[float] = []
    for pair in range(PAIRS):
        disturbed, alone = halves if pair % 2 == 0 else reversed(halves)
        slow, quick = make_lead(2 * pair, partner=1), make_lead(2 * pair + 1, partner=2)
        seconds = await asyncio.gather(disturbed.took(slow, quick), alone.took(quick))
        ratios.append(seconds[0] / seconds[1])
    assert median(ratios) <= 1.10, ratios
