"""N5.5: limits per domain and per sponsor, and what slow domains take away from others."""

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notify_svc.sending.pacing import BURST, take_slot
from servicekit.testing import ServiceUnderTest

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@given(st.lists(st.floats(0, 30), min_size=1, max_size=300), st.integers(1, 600))
def test_n5_5_no_minute_has_more_mails_than_the_limit_and_its_burst(pauses: list[float], limit: int):
    slots: dict[tuple[str, str], datetime] = {}
    now, given_out = START, list[datetime]()
    for pause in pauses:
        now += timedelta(seconds=pause)
        at = take_slot(slots, {("domain", "a"): timedelta(minutes=1) / limit}, now)
        assert at >= now
        given_out.append(at)
    assert given_out == sorted(given_out)
    burst = BURST / (timedelta(minutes=1) / limit)
    for first in given_out:
        within = [at for at in given_out if first <= at < first + timedelta(minutes=1)]
        assert len(within) <= limit + burst + 1


async def test_n5_5_a_limited_domain_gets_what_it_may_and_others_everything(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """Two senders keep one limit, also for what comes later; what must wait has its time, and goes then without asking
    again.
    """
    await service.deliver(
        make_partner(1, *(f"{n}@slow.example" for n in range(12)), *(f"{n}@b.example" for n in range(9)))
    )
    limits = {"mail_domain_limits": {"slow.example": 12}}
    began = time.monotonic()
    async with mailer.running(mailer.sender(sink.port, **limits), mailer.sender(sink.port, **limits)):
        for number in (1, 2):
            await service.deliver(make_lead(number))
            await mailer.until("count(*) = $1 FROM emails WHERE state = 'sent' AND domain = 'b.example'", 9 * number)
            await mailer.until("count(*) = 0 FROM emails WHERE next_attempt_at <= now() OR state = 'sending'")
    rows = [row for row in await mailer.rows() if row["domain"] == "slow.example"]
    waiting = sorted(row["slot_at"] for row in rows if row["state"] == "queued")
    assert 2 <= len(rows) - len(waiting) <= 4 + (time.monotonic() - began) / 5
    assert {(row["reason"], row["attempts"]) for row in rows if row["state"] == "queued"} == {("rate-limit", 0)}
    gaps = [(b - a).total_seconds() for a, b in pairwise(waiting)]
    assert gaps == pytest.approx([5.0] * len(gaps), abs=0.01)
    await service.db.pool.execute("UPDATE emails SET next_attempt_at = now(), slot_at = now() WHERE state = 'queued'")
    await mailer.settle(mailer.sender(sink.port, **limits))
    assert {row["state"] for row in await mailer.rows()} == {"sent"}


async def test_n5_5_a_sponsors_limit_counts_over_all_domains(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner(1, *(f"x@{n}.example" for n in range(10))))
    lead = make_lead()
    for sponsor in ("spo_1", "spo_2"):
        await service.deliver(_of_sponsor(lead, sponsor))
    sender = mailer.sender(sink.port, mails_per_minute_per_sponsor=6, mail_sponsor_limits={"spo_2": 0})
    async with mailer.running(sender):
        await mailer.until("count(*) = 0 FROM emails WHERE next_attempt_at <= now() OR state = 'sending'")
    sent = [row["sponsor_id"] for row in await mailer.rows() if row["state"] == "sent"]
    assert sent.count("spo_2") == 10
    assert 1 <= sent.count("spo_1") <= 3


def _of_sponsor(lead: Any, sponsor: str) -> Any:
    fields = {name: getattr(lead, name) for name in lead.__struct_fields__}
    ref = {name: getattr(lead.lead, name) for name in lead.lead.__struct_fields__}
    return type(lead)(**fields | {"lead": type(lead.lead)(**ref | {"sponsor_id": sponsor})})
