"""A state machine drives a small call centre through whatever can happen, and looks after every step what must hold.

Agents, supervisors, time, and events of others that come out of order and twice. What a claim gives, what it does not
give and what *why not* says are compared with E1 to E12 as they are written down here once more, by hand, from what was
told. `LEADWIRE_LIFE_EXAMPLES` (default 4) and `LEADWIRE_LIFE_STEPS` (40) make it longer.
"""

import asyncio
import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from typing import Any

import pytest
import pytest_asyncio
from assignment_svc.app import build
from assignment_svc.queue.eligibility.examine import Asking, examine_lead
from assignment_svc.settings import Settings
from assignment_svc.testing import CallCentre, lead_ref
from contracts.events.intake import (
    ConsentRevokedV1,
    ReturnAcceptedV1,
    ReturnContent,
    ReturnDeclinedV1,
    ReturnDisputedV1,
    ReturnRequestedV1,
    SuppressionListChangedV1,
)
from contracts.events.sponsor import ContactListChangedV1, IntakeRules, QueueRules
from contracts.events.values import Account, CallingHours, Consent, Order, Person
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from messaging.sight import EVERYTHING, seeing
from pydantic import SecretStr
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest, TestDatabases, http_client

EXAMPLES = int(os.environ.get("LEADWIRE_LIFE_EXAMPLES", "4"))
STEPS = int(os.environ.get("LEADWIRE_LIFE_STEPS", "40"))
CAP = 2
AGENTS = ("usr_a", "usr_b", "usr_c")
LEADS = 10
PHONES = 5
RETURNS: tuple[tuple[type[ReturnContent], int], ...] = (
    (ReturnRequestedV1, 1),
    (ReturnDeclinedV1, 2),
    (ReturnDisputedV1, 3),
    (ReturnAcceptedV1, 4),
)
OFFLINE = "The agent is offline."
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


# What is so, as far as only the service itself can know it.
SITUATION = """
SELECT w.lead_id, w.state, w.agent_id, w.attempts, w.validated, l.phone, l.has_consent, l.contact_list_id,
    l.content -> 'account' ->> 'external_id' AS account, coalesce(w.next_attempt_at > now(), false) AS cooling,
    l.received_at <= now() - interval '2 hours' AS old,
    EXISTS (SELECT FROM callbacks c WHERE c.lead_id = w.lead_id AND c.agent_id = $1 AND c.status = 'due' AND c.private)
        AND w.state = 'callback' AS promised
FROM work_items w JOIN leads l USING (lead_id)
"""
LIVE_LOCKS = "SELECT lock_key, lead_id FROM locks WHERE expires_at > now()"


class Life:
    """One call centre and what is known of it from outside; `dice` are cast anew for each step."""

    def __init__(self, centre: CallCentre, dice: random.Random) -> None:
        self.centre = centre
        self.dice = dice
        self.seen: dict[str, str] = {}
        self.born: set[str] = set()
        self.erased: set[str] = set()
        self.shut = self.passive = self.demands_consent = self.stale = self.list_over = self.one_try = False
        self.suppressed: set[str] = set()
        self.revoked: set[str] = set()
        self.returns: dict[str, int] = {}
        self.away: set[str] = set()
        self.ticked = set(AGENTS)
        self.responsible: dict[str, str] = {}
        self.told: count[int] = count(1)
        self.asked = cycle(AGENTS)

    @property
    def max_attempts(self) -> int:
        return 1 if self.one_try else 4

    def lead(self) -> str:
        return f"lead_{self.dice.randrange(LEADS)}"

    async def receive(self) -> None:
        lead_id = self.lead()
        phone = f"+3584012345{int(lead_id[-1]) % PHONES:02d}"
        order = Order(number="1", status="partial") if self.dice.random() < 0.5 else None
        number = int(lead_id[-1])
        await self.centre.lead(
            lead_id,
            lead=lead_ref(lead_id, contact_list_id="col_1" if number % 4 == 3 else None),
            account=Account(external_id=f"acc_{number}", name="A") if number % 2 else None,
            consent=Consent(given_at=datetime.now(UTC)) if number % 3 else None,
            person=Person(phone=phone),
            order=order,
            hold=self.dice.random() < 0.2,
        )
        if lead_id not in self.erased:
            self.born.add(lead_id)

    async def claim(self) -> None:
        agent_id = self.dice.choice(AGENTS)
        failing = await self.by_hand(agent_id)
        await self._why_not(agent_id, failing, self.dice.sample(sorted(failing), min(2, len(failing))))
        answer = await self.centre.claim(agent_id)
        assert answer.status_code in {200, 204}, answer.text
        if answer.status_code == 200:
            item = answer.json()["work_item"]
            assert failing[item["lead_id"]] == set(), "a claim that E1 to E12 forbid"
            assert (item["state"], item["agent_id"]) == ("claimed", agent_id)
        else:
            assert all(failing.values()), "an empty queue that nobody can explain"

    async def ask_why_not(self) -> None:
        agent_id = self.dice.choice(AGENTS)
        failing = await self.by_hand(agent_id)
        await self._why_not(agent_id, failing, sorted(failing))

    async def _why_not(self, agent_id: str, failing: dict[str, set[str]], lead_ids: Sequence[str]) -> None:
        for lead_id in lead_ids:
            told = await self.centre.read(f"work-items/{lead_id}/eligibility?agent_id={agent_id}")
            codes = {one["code"] for one in told["failing"] if one["detail"] != OFFLINE}
            assert codes == failing[lead_id], f"why {agent_id} may not have {lead_id}"

    async def explain_all(self) -> None:
        """*Why not* of every lead for one agent after the other, asked where HTTP asks."""
        agent_id, now = next(self.asked), datetime.now(UTC)
        failing = await self.by_hand(agent_id)
        with seeing(EVERYTHING):
            async with self.centre.service.db.unit_of_work() as work:
                for lead_id, expected in failing.items():
                    told = await examine_lead(work, Asking(lead_id, agent_id, CAP, timedelta(minutes=10), now))
                    codes = {one.code for one in told if one.detail != OFFLINE}
                    assert codes == expected, f"why {agent_id} may not have {lead_id}"

    async def by_hand(self, agent_id: str) -> dict[str, set[str]]:
        """Per lead which of E1 to E12 speak against the agent."""
        pool = self.centre.service.db.pool
        rows = await pool.fetch(SITUATION, agent_id)
        locked = {row["lock_key"]: row["lead_id"] for row in await pool.fetch(LIVE_LOCKS)}
        full = sum(row["state"] == "claimed" and row["agent_id"] == agent_id for row in rows) >= CAP
        unable = agent_id in self.away or agent_id not in self.ticked or full
        return {row["lead_id"]: self._against(row, locked, agent_id, unable=unable) for row in rows}

    def _against(self, row: Any, locked: dict[str, str], agent_id: str, *, unable: bool) -> set[str]:
        lead_id, state = row["lead_id"], row["state"]
        holder = locked.get(row["phone"] or lead_id)
        keeper = self.responsible.get(row["account"] or "", agent_id)
        against = {
            "E1": not (state == "queued" or row["promised"]),
            "E2": holder is not None and (holder != lead_id or state != "claimed"),
            "E3": row["cooling"],
            "E4": self.shut,
            "E5": row["phone"] in self.suppressed or self.stale,
            "E6": lead_id in self.revoked or (self.demands_consent and not row["has_consent"]),
            "E7": not row["validated"],
            "E8": self.passive or (self.list_over and row["contact_list_id"] is not None),
            "E9": unable or keeper != agent_id,
            "E10": row["attempts"] >= self.max_attempts,
            "E11": self.returns.get(lead_id) in {1, 3, 4} or lead_id in self.erased,
            "E12": row["old"],
        }
        return {code for code, speaks in against.items() if speaks}

    async def work(self) -> None:
        """A step of whoever has a lead, with a token that is right or not."""
        claims = await self.centre.service.db.pool.fetch(
            "SELECT w.lead_id, w.agent_id, k.token, coalesce(k.expires_at > now(), false) AS live"
            " FROM work_items w LEFT JOIN locks k ON k.lead_id = w.lead_id"
            " AND k.holder = w.agent_id WHERE w.state = 'claimed' ORDER BY lead_id"
        )
        if not claims:
            return
        row = self.dice.choice(claims)
        step, body = self.dice.choice(
            [
                *(("release", {}), ("release", {}), ("release", {})),
                ("invalidate", {"reason": "no lead"}),
                ("convert", {}),
                ("attempts", {"outcome": "busy"}),
                ("callback", {"at": datetime.now(UTC).isoformat(), "private": self.dice.random() < 0.5}),
                ("lock", {}),
            ]
        )
        stale = self.dice.random() < 0.3
        token = (row["token"] or 1) - stale
        headers = self.centre.as_agent(row["agent_id"], token=str(token))
        path = f"/v1/work-items/{row['lead_id']}/{step}"
        answer = await self.centre.service.http.post(path, json=body, headers=headers)
        assert answer.status_code in {200, 201, 404, 409, 422, 423}, answer.text
        if step != "lock" and (stale or not row["live"]):
            assert answer.status_code >= 400, "a write without a live lock"
        if step == "attempts" and answer.status_code == 201:
            assert {self.shut, self.passive, self.stale} == {False}, "a call that must not be"

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
        self.returns[lead_id] = max(version, self.returns.get(lead_id, 0))
        await self.centre.returned(how, lead_id, version)

    async def decide(self) -> None:
        await self.centre.verdict(self.lead(), confirmed=self.dice.random() < 0.8)

    async def erase(self) -> None:
        if self.dice.random() < 0.3:
            lead_id = self.lead()
            self.erased.add(lead_id)
            await self.centre.erase(lead_id, erasure_id=f"era_{lead_id}")

    async def suppress(self) -> None:
        if self.dice.random() < 0.6:
            phone = f"+3584012345{self.dice.randrange(PHONES):02d}"
            self.suppressed.add(phone)
            await self.centre.suppress("phone", phone)

    async def revoke(self) -> None:
        if self.dice.random() < 0.6:
            lead_id = self.lead()
            self.revoked.add(lead_id)
            event = ConsentRevokedV1(lead=lead_ref(lead_id), revoked_at=datetime.now(UTC))
            await self.centre.service.deliver(event, next(self.told))

    async def tick(self) -> None:
        self.ticked = set(self.dice.sample(AGENTS, self.dice.choice((2, 3))))
        await self.centre.tick(*sorted(self.ticked))

    async def answer_for(self) -> None:
        """Somebody becomes responsible for an account, or nobody is for any."""
        path = "campaigns/prj_1/target-group"
        lead_id, agent_id = self.lead(), self.dice.choice(AGENTS)
        if self.dice.random() < 0.3:
            self.responsible.clear()
            await self.centre.write("POST", f"{path}/unassign", None)
            return
        answer = await self.centre.write("POST", path, {"agent_id": agent_id, "contact_ids": [lead_id]})
        if answer.status_code == 200 and answer.json()["results"][0]["status"] == "ok":
            self.responsible[answer.json()["results"][0]["id"]] = agent_id

    async def lists_age(self) -> None:
        """The national list, and the contact list of some of the leads."""
        if self.dice.random() < 0.5:
            self.stale = not self.stale
            until = datetime.now(UTC) + timedelta(days=-1 if self.stale else 3650)
            event = SuppressionListChangedV1(list_id="sul_1", scope="global", fresh_until=until)
            await self.centre.service.deliver(event, next(self.told))
            return
        self.list_over = not self.list_over
        day = datetime.now(UTC).date() + timedelta(days=-3 if self.list_over else 3650)
        fields: dict[str, Any] = {"name": "Fair", "expires_on": day, "time_zone": "UTC"}
        await self.centre.service.deliver(ContactListChangedV1(contact_list_id="col_1", **fields), next(self.told))

    async def come_and_go(self) -> None:
        agent_id = self.dice.choice(AGENTS)
        await self.centre.agent(agent_id, active=False)
        self.away.add(agent_id)
        if self.dice.random() < 0.8:
            await self.centre.agent(agent_id)
            self.away.discard(agent_id)

    async def open_and_shut(self) -> None:
        """Hours, the project itself, whether it demands consent, and how often anybody is called.

        What keeps everybody from calling is over the next time.
        """
        what = self.dice.choice(("shut", "passive", "demands_consent", "one_try"))
        what = "shut" if self.shut else "passive" if self.passive else what
        setattr(self, what, not getattr(self, what))
        await self.project()

    async def project(self) -> None:
        hour = (datetime.now(UTC).hour + 3 + 11) % 24
        hours = CallingHours(mode="custom", from_=f"{hour:02d}:00", until=f"{hour:02d}:01")
        await self.centre.project(
            state="passive" if self.passive else "active",
            calling_hours=hours if self.shut else CallingHours(mode="always"),
            checks={"consent": "reject"} if self.demands_consent else {},
            intake=IntakeRules(stale_suppressions="block"),
            queue=QueueRules(
                cool_down_minutes=10, max_attempts=self.max_attempts, max_age_hours=2, status_after_request="queue"
            ),
        )

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
        self.seen = states
        await self.explain_all()


OFTEN = ("claim", "work", "claim", "work", "receive", "wait", "claim", "ask_why_not")
SELDOM = (
    *("supervise", "tell_of_a_return", "decide", "erase", "suppress", "come_and_go", "open_and_shut", "revoke"),
    *("tick", "answer_for", "lists_age", "open_and_shut"),
)


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
    for _ in range(LEADS):
        await life.receive()
    return dsn, life


@pytest.mark.timeout(120 + 2 * EXAMPLES * STEPS)
def test_a_call_centre_stays_sound_whatever_happens_in_whatever_order(
    test_databases: TestDatabases, loop: asyncio.AbstractEventLoop
):
    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.dsn, self.life = loop.run_until_complete(_begin(test_databases))
            self.number = count()

        @rule(luck=st.integers(0, 2**32))
        def step(self, luck: int) -> None:
            """With its number: what Hypothesis tries first, and copies from, is all zeros, the same step for ever."""
            self.life.dice = random.Random(f"{luck} {next(self.number)}")
            name = self.life.dice.choice((*OFTEN, *OFTEN, *SELDOM))
            note(name)
            loop.run_until_complete(getattr(self.life, name)())

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
