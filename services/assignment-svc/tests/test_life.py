"""A state machine drives a small call centre through whatever can happen, and looks after every step what must hold.

Agents, supervisors, time, and events of others that come out of order and twice. `LEADWIRE_LIFE_EXAMPLES` (default 4)
and `LEADWIRE_LIFE_STEPS` (25) make it longer.
"""

import asyncio
import os
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from assignment_svc.app import build
from assignment_svc.settings import Settings
from assignment_svc.testing import CallCentre
from contracts.events.intake import (
    ReturnAcceptedV1,
    ReturnContent,
    ReturnDeclinedV1,
    ReturnDisputedV1,
    ReturnRequestedV1,
)
from contracts.events.sponsor import QueueRules
from contracts.events.values import CallingHours, Order, Person
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pydantic import SecretStr
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest, TestDatabases, http_client

EXAMPLES = int(os.environ.get("LEADWIRE_LIFE_EXAMPLES", "4"))
STEPS = int(os.environ.get("LEADWIRE_LIFE_STEPS", "25"))
CAP = 3
AGENTS = ("usr_a", "usr_b", "usr_c")
LEADS = 8
PHONES = 6
RETURNS: tuple[tuple[type[ReturnContent], int], ...] = (
    (ReturnRequestedV1, 1),
    (ReturnDeclinedV1, 2),
    (ReturnDisputedV1, 3),
    (ReturnAcceptedV1, 4),
)
FINAL = {"converted", "returned", "sold", "erased", "suppressed"}

INVARIANTS = {
    "a lead in the queue that is not queued, or the other way round": (
        "SELECT lead_id FROM work_items w FULL JOIN queue q USING (lead_id)"
        " WHERE (w.state = 'queued') IS DISTINCT FROM (q.lead_id IS NOT NULL)"
    ),
    "claims counted wrongly": (
        "SELECT agent_id FROM agents a WHERE open_claims <>"
        " (SELECT count(*) FROM work_items w WHERE w.agent_id = a.agent_id AND w.state = 'claimed')"
    ),
    "a lead without, or with two, holders": (
        "SELECT lead_id FROM work_items WHERE (state IN ('claimed', 'offer_sent')) AND agent_id IS NULL"
    ),
    "a live lock on a lead that nobody works on": (
        "SELECT lead_id FROM locks k JOIN work_items w USING (lead_id) WHERE k.expires_at > now()"
        " AND w.state IN ('return_hold', 'returned', 'sold', 'erased', 'suppressed', 'resolved', 'invalid', 'expired')"
    ),
    "a claim of somebody who left": (
        "SELECT lead_id FROM work_items w JOIN agents a USING (agent_id) WHERE w.state = 'claimed' AND NOT a.active"
    ),
    "a version told twice or never": (
        "SELECT subject FROM outbox WHERE subject LIKE 'lead\\_%'"
        " GROUP BY subject HAVING count(*) <> count(DISTINCT convert_from(body, 'UTF8')::jsonb ->> 'sequence')"
        " OR count(*) <> max((convert_from(body, 'UTF8')::jsonb ->> 'sequence')::int)"
    ),
    "an open call-back of a lead that is over": (
        "SELECT lead_id FROM callbacks c JOIN work_items w USING (lead_id) WHERE c.status IN ('scheduled', 'due')"
        " AND w.state IN ('returned', 'sold', 'erased', 'suppressed', 'claimed', 'queued')"
    ),
    "a call-back without its call-back": (
        "SELECT lead_id FROM work_items w WHERE w.state = 'callback' AND NOT EXISTS ("
        " SELECT FROM callbacks c WHERE c.lead_id = w.lead_id AND c.status IN ('scheduled', 'due'))"
    ),
    "a hold that forgot what was before": (
        "SELECT lead_id FROM work_items w FULL JOIN withdrawals x USING (lead_id)"
        " WHERE (w.state = 'return_hold') IS DISTINCT FROM (x.lead_id IS NOT NULL)"
    ),
    "somebody erased who is still there": (
        "SELECT lead_id FROM leads JOIN work_items USING (lead_id) WHERE state = 'erased' AND phone IS NOT NULL"
    ),
}


class Life:
    """One call centre and what is known of it from outside; `dice` are Hypothesis' own."""

    def __init__(self, centre: CallCentre, dice: random.Random) -> None:
        self.centre = centre
        self.dice = dice
        self.seen: dict[str, str] = {}
        self.born: set[str] = set()
        self.erased: set[str] = set()
        self.shut = False
        self.undelivered: dict[str, list[tuple[type[ReturnContent], int]]] = {}

    def lead(self) -> str:
        return f"lead_{self.dice.randrange(LEADS)}"

    async def receive(self) -> None:
        lead_id = self.lead()
        phone = f"+3584012345{int(lead_id[-1]) % PHONES:02d}"
        order = Order(number="1", status="partial") if self.dice.random() < 0.5 else None
        await self.centre.lead(lead_id, person=Person(phone=phone), order=order, hold=self.dice.random() < 0.2)
        if lead_id not in self.erased:
            self.born.add(lead_id)

    async def claim(self) -> None:
        agent_id = self.dice.choice(AGENTS)
        held = Counter(await self._holders())
        answer = await self.centre.claim(agent_id)
        assert answer.status_code in {200, 204}, answer.text
        if answer.status_code == 200:
            assert not self.shut, "E4: outside the hours"
            assert held[agent_id] < CAP, "E9: beyond the cap"
            assert answer.json()["work_item"]["state"] == "claimed"

    async def _holders(self) -> list[str]:
        rows = await self.centre.service.db.pool.fetch("SELECT agent_id FROM work_items WHERE state = 'claimed'")
        return [row["agent_id"] for row in rows]

    async def work(self) -> None:
        """A step of whoever has a lead, with a token that is right or not."""
        claims = await self.centre.service.db.pool.fetch(
            "SELECT w.lead_id, w.agent_id, k.token FROM work_items w LEFT JOIN locks k ON k.lead_id = w.lead_id"
            " AND k.holder = w.agent_id WHERE w.state = 'claimed' ORDER BY lead_id"
        )
        if not claims:
            return
        row = self.dice.choice(claims)
        step, body = self.dice.choice(
            [
                ("release", {}),
                ("invalidate", {"reason": "no lead"}),
                ("convert", {}),
                ("attempts", {"outcome": "busy"}),
                ("callback", {"at": datetime.now(UTC).isoformat(), "private": self.dice.random() < 0.5}),
                ("lock", {}),
            ]
        )
        headers = self.centre.as_agent(row["agent_id"], token=str(row["token"] or 1))
        path = f"/v1/work-items/{row['lead_id']}/{step}"
        answer = await self.centre.service.http.post(path, json=body, headers=headers)
        assert answer.status_code in {200, 201, 404, 409, 422, 423}, answer.text
        if step == "attempts" and answer.status_code == 201:
            assert not self.shut, "E4: a call outside the hours"

    async def supervise(self) -> None:
        lead_id = self.lead()
        path, body = self.dice.choice(
            [
                (f"work-items/{lead_id}/unassign", {}),
                (f"work-items/{lead_id}/reassign", {"agent_id": self.dice.choice(AGENTS)}),
                (f"work-items/{lead_id}/reopen", {"reason": "again"}),
                (f"work-items/{lead_id}/pend", {}),
                (f"work-items/{lead_id}/queue", {}),
                ("assignments", {"lead_id": lead_id, "agent_id": self.dice.choice(AGENTS)}),
            ]
        )
        answer = await self.centre.supervise(path, **body)
        assert answer.status_code in {200, 201, 404, 409, 422}, answer.text

    async def tell_of_a_return(self) -> None:
        """Any of the four, in any order, again and again."""
        lead_id = self.lead()
        how, version = self.dice.choice(RETURNS[: self.dice.choice((2, 3, 4))])
        await self.centre.returned(how, lead_id, version)

    async def decide(self) -> None:
        await self.centre.verdict(self.lead(), confirmed=self.dice.random() < 0.8)

    async def erase(self) -> None:
        if self.dice.random() < 0.3:
            lead_id = self.lead()
            self.erased.add(lead_id)
            await self.centre.erase(lead_id, erasure_id=f"era_{lead_id}")

    async def suppress(self) -> None:
        if self.dice.random() < 0.3:
            await self.centre.suppress("phone", f"+3584012345{self.dice.randrange(PHONES):02d}")

    async def come_and_go(self) -> None:
        agent_id = self.dice.choice(AGENTS)
        await self.centre.agent(agent_id, active=False)
        if self.dice.random() < 0.8:
            await self.centre.agent(agent_id)

    async def open_and_shut(self) -> None:
        self.shut = not self.shut
        hour = (datetime.now(UTC).hour + 3 + 11) % 24
        hours = CallingHours(mode="custom", from_=f"{hour:02d}:00", until=f"{hour:02d}:01")
        await self.project(calling_hours=hours if self.shut else CallingHours(mode="always"))

    async def project(self, **fields: Any) -> None:
        rules = QueueRules(cool_down_minutes=10, max_attempts=4, status_after_request="queue")
        await self.centre.project(queue=rules, **fields)

    async def wait(self) -> None:
        await self.centre.pass_time(minutes=self.dice.choice((1, 11, 16, 70)), fire=self.dice.random() < 0.7)
        await self.centre.fire()

    async def look(self) -> None:
        """What must hold after every step."""
        pool = self.centre.service.db.pool
        for what, query in INVARIANTS.items():
            assert await pool.fetch(query) == [], what
        states = {row[0]: row[1] for row in await pool.fetch("SELECT lead_id, state FROM work_items")}
        assert set(states) == self.born, "leads are neither lost nor made"
        for lead_id, before in self.seen.items():
            if before in FINAL and before not in {"converted", "suppressed"}:
                assert states[lead_id] in {before, "erased"}, f"{before} is final"
        assert all(states.get(lead_id, "erased") == "erased" for lead_id in self.erased)
        phones = await pool.fetch(
            "SELECT lock_key FROM locks WHERE expires_at > now() GROUP BY lock_key HAVING count(*) > 1"
        )
        assert phones == [], "one phone, one holder"
        self.seen = states


OFTEN = ("claim", "work", "claim", "work", "receive", "wait")
SELDOM = ("supervise", "tell_of_a_return", "decide", "erase", "suppress", "come_and_go", "open_and_shut")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def loop() -> asyncio.AbstractEventLoop:
    """The one that fixtures live in; it rests while a test that is no coroutine runs."""
    return asyncio.get_running_loop()


async def _begin(databases: TestDatabases) -> tuple[str, Life]:
    dsn = await databases.clone("assignment_svc")
    app = await build(Settings(database_url=SecretStr(dsn), identity_keys=TEST_KEY_SET, claims_per_agent=CAP))
    life = Life(CallCentre(ServiceUnderTest(app, http_client(app), dsn, databases.owner_dsn(dsn))), random.Random(0))
    await life.project()
    for agent_id in AGENTS:
        await life.centre.agent(agent_id)
    await life.centre.tick(*AGENTS)
    for _ in range(5):
        await life.receive()
    return dsn, life


@pytest.mark.timeout(60 + EXAMPLES * STEPS)
def test_a_call_centre_stays_sound_whatever_happens_in_whatever_order(
    test_databases: TestDatabases, loop: asyncio.AbstractEventLoop
):
    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.dsn, self.life = loop.run_until_complete(_begin(test_databases))

        @rule(step=st.sampled_from((*OFTEN, *OFTEN, *SELDOM)), dice=st.randoms(use_true_random=False))
        def step(self, step: str, dice: random.Random) -> None:
            self.life.dice = dice
            loop.run_until_complete(getattr(self.life, step)())

        @invariant()
        def sound(self) -> None:
            loop.run_until_complete(self.life.look())

        def teardown(self) -> None:
            loop.run_until_complete(self.life.centre.service.http.aclose())
            loop.run_until_complete(self.life.centre.service.app.close())
            loop.run_until_complete(test_databases.drop(self.dsn))

    run_state_machine_as_test(  # pyright: ignore[reportUnknownMemberType] -- it is not typed
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize="LEADWIRE_LIFE_EXAMPLES" not in os.environ,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
            phases=[Phase.generate] if EXAMPLES < 10 else list(Phase),
            database=None,
        ),
    )
