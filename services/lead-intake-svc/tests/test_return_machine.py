"""Returns and replacements under any sequence of steps, with time that moves, repeats and races (I2.13, I2.22)."""

import asyncio
import os
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

import httpx2
from contracts.events import assignment as a
from contracts.events.values import LeadRef, Order
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from lead_intake_svc.returns.lapse_returns import lapse_returns
from lead_intake_svc.testing import World, bearer, lead

T = TypeVar("T")
WINDOW, ANSWER = 7, 7
OPEN = {"requested", "disputed"}
EXAMPLES = int(os.environ.get("LEADWIRE_MACHINE_EXAMPLES", "12"))


@dataclass
class Sent:
    """What the model knows of a lead; `back` is the state of its newest return."""

    id: str
    age: int = 0
    converted: bool = False
    back: str | None = None
    return_id: str = ""
    asked_for: int = 0
    since_answer: int = 0
    disputed: bool = False
    replaced: bool = False
    stands_for: str | None = None


@dataclass
class Model:
    leads: list[Sent] = field(default_factory=list[Sent])

    @property
    def credits(self) -> int:
        return sum(each.back == "accepted" for each in self.leads)


class Returns(RuleBasedStateMachine):
    world: ClassVar[World]
    loop: ClassVar[asyncio.AbstractEventLoop]

    def run_here(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    @initialize()
    def start(self) -> None:
        self.model = Model()
        self.partner_id = self.run_here(self.world.partner(return_window_days=WINDOW, return_answer_days=ANSWER))
        self.key = self.run_here(self.world.issue(self.partner_id))
        self.run_here(self.world.noticed())
        self.push()

    def ask(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> httpx2.Response:
        sent = headers or self.world.service.headers("supervisor")
        return self.run_here(self.world.http.post(path, json=body, headers=sent))

    @precondition(lambda self: len(self.model.leads) < 6)
    @rule()
    def push(self) -> None:
        self.model.leads.append(Sent(self.run_here(self.world.push(key=self.key)).json()["id"]))

    @rule(which=st.integers(0, 5))
    def replace(self, which: int) -> None:
        original = self.pick(which)
        pushes = [self.world.push(lead(replacement_for=original.id), key=self.key) for _ in range(2)]
        answers = self.run_here(_together(pushes))
        free = original.back == "accepted" and not original.replaced
        assert sorted(answer.status_code for answer in answers) == ([201, 409] if free else [409, 409])
        for answer in answers:
            if answer.status_code == 201:
                original.replaced = True
                self.model.leads.append(Sent(answer.json()["id"], stands_for=original.id))

    @rule(which=st.integers(0, 5), times=st.integers(1, 3))
    def request(self, which: int, times: int) -> None:
        """Several at the same moment: one at most is made."""
        sent = self.pick(which)
        body = {"lead_ids": [sent.id], "reason": "wrong number"}
        head = self.world.service.headers("supervisor")
        asked = [self.world.http.post("/v1/returns", json=body, headers=head) for _ in range(times)]
        results = [answer.json()["results"][0] for answer in self.run_here(_together(asked))]
        made = [result for result in results if result["status"] == "ok"]
        allowed = sent.back in {None, "declined"} and not sent.converted and sent.age <= WINDOW - 1
        assert len(made) == int(allowed), results
        if made:
            sent.back, sent.return_id, sent.asked_for, sent.disputed = "requested", made[0]["id"], 0, False

    @rule(which=st.integers(0, 5), steps=st.lists(st.sampled_from(["accept", "decline"]), min_size=1, max_size=3))
    def answer(self, which: int, steps: list[str]) -> None:
        """By the partner, several at the same moment: the first decides."""
        sent = self.pick(which)
        path, key = f"/v1/returns/{sent.return_id or 'ret_none'}/", bearer(self.key)
        asked = [self.world.http.post(path + step, json={}, headers=key) for step in steps]
        answers = self.run_here(_together(asked))
        done = [answer.json()["state"] for answer in answers if answer.status_code == 200]
        possible = (
            steps if sent.back == "requested" else ["accept"] if sent.back == "disputed" and "accept" in steps else []
        )
        assert len(done) == int(bool(possible)), (sent, [answer.text for answer in answers])
        if done:
            sent.back, sent.since_answer = done[0], 0

    @rule(which=st.integers(0, 5), step=st.sampled_from(["accept", "decline"]))
    def decide(self, which: int, step: str) -> None:
        sent = self.pick(which)
        answer = self.ask(f"/v1/returns/{sent.return_id or 'ret_none'}/{step}", {})
        assert (answer.status_code == 200) is (sent.back in OPEN), answer.text
        if answer.status_code == 200:
            sent.back, sent.since_answer = answer.json()["state"], 0

    @rule(which=st.integers(0, 5))
    def dispute(self, which: int) -> None:
        sent = self.pick(which)
        answer = self.ask(f"/v1/returns/{sent.return_id or 'ret_none'}/dispute", {})
        in_time = sent.since_answer <= ANSWER - 1
        allowed = sent.back == "declined" and not sent.disputed and not sent.converted and in_time
        assert (answer.status_code == 200) is allowed, answer.text
        if allowed:
            sent.back, sent.disputed = "disputed", True

    @rule(which=st.integers(0, 5))
    def convert(self, which: int) -> None:
        """An agent was faster than the news: what is only requested ends, what is settled stays."""
        sent = self.pick(which)
        if sent.back in {"accepted", "disputed"}:
            return
        ref = LeadRef(lead_id=sent.id, partner_id=self.partner_id, project_id="prj_a")
        order = Order(number="1", status="completed")
        event = a.LeadConvertedV1(lead=ref, received_at=_NOW, agent_id="usr_a", order_id="o", order=order)
        for _ in range(2):
            self.run_here(self.world.service.deliver(event, sequence=9))
        sent.converted = True
        if sent.back == "requested":
            sent.back, sent.since_answer = "declined", 0

    @rule(days=st.integers(1, 9), workers=st.integers(1, 3))
    def time_goes_by(self, days: int, workers: int) -> None:
        """Everything is so much older; then the timers of several workers look at the same moment."""
        for statement in _OLDER:
            self.run_here(self.world.rows(statement, self.partner_id, days))
        self.run_here(_together([self._lapse() for _ in range(workers)]))
        for sent in self.model.leads:
            sent.age += days
            sent.asked_for += days
            sent.since_answer += days
            if sent.back == "requested" and sent.asked_for >= ANSWER:
                sent.back = "accepted"

    async def _lapse(self) -> None:
        async with self.world.service.db.unit_of_work() as work:
            await lapse_returns(work, datetime.now(UTC))

    @invariant()
    def the_rows_are_as_they_must_be(self) -> None:
        if not hasattr(self, "model"):
            return
        rows = {row["id"]: row for row in self.run_here(self.world.rows(_STAND, self.partner_id))}
        assert len(rows) == len(self.model.leads)
        for sent in self.model.leads:
            row = rows[sent.id]
            stopped = "return_hold" if sent.back in OPEN else "returned" if sent.back == "accepted" else None
            assert row["own_state"] == stopped, sent
            assert row["standing"] == int(sent.back in OPEN | {"accepted"}), sent
            assert row["credits"] == int(sent.back == "accepted"), sent
            assert row["replaced"] == int(sent.replaced), sent
            assert row["billable"] is (sent.stands_for is None), sent
        assert sum(row["credits"] for row in rows.values()) == self.model.credits

    def pick(self, which: int) -> Sent:
        return self.model.leads[which % len(self.model.leads)]


_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_OLDER = (
    "UPDATE leads SET received_at = received_at - $2 * interval '1 day' WHERE partner_id = $1",
    "UPDATE returns SET answer_by = answer_by - $2 * interval '1 day' WHERE partner_id = $1",
    "UPDATE returns SET answered_at = answered_at - $2 * interval '1 day' WHERE partner_id = $1",
)
_STAND = """
SELECT l.id, p.own_state, l.billable,
    (SELECT count(*) FROM returns AS r WHERE r.lead_id = l.id
        AND r.state IN ('requested', 'disputed', 'lapsed', 'accepted')) AS standing,
    (SELECT count(*) FROM credits AS c WHERE c.lead_id = l.id) AS credits,
    (SELECT count(*) FROM replacements AS s WHERE s.original_id = l.id) AS replaced
FROM leads AS l LEFT JOIN lead_progress AS p ON p.lead_id = l.id
WHERE l.partner_id = $1
"""


async def _together(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    return list(await asyncio.gather(*work))


async def test_i2_13_i2_22_any_sequence_of_steps_keeps_the_books_right(world: World):
    """`LEADWIRE_MACHINE_EXAMPLES` makes it longer."""

    class Machine(Returns):
        pass

    Machine.world, Machine.loop = world, asyncio.get_running_loop()
    quick = settings(
        max_examples=EXAMPLES,
        stateful_step_count=25,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
    )
    await asyncio.to_thread(run_state_machine_as_test, Machine, settings=quick)
