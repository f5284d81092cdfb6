"""The case's machine as a whole: any steps, in any order, with repeats, against a model of a few lines."""

import asyncio
import os
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from contracts.envelope import decode_envelope, decode_event
from contracts.events.intake import (
    ErasureRequestedV1,
    LeadAcceptedV1,
    LeadUpdatedV1,
    ReturnAcceptedV1,
    ReturnDeclinedV1,
    ReturnRequestedV1,
)
from contracts.events.sponsor import ProjectChangedV1, ValidationRules
from contracts.events.values import LeadRef, Person
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from servicekit.testing import ServiceUnderTest
from validation_svc.releases.release_cases import LATE, release_due

EXAMPLES = int(os.environ.get("LEADWIRE_MACHINE_EXAMPLES", "10"))
WALKS, STEPS_OF_A_WALK = 30, 50
MAX_ATTEMPTS = 2
NUMBERS = count(1)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OPEN = {"unconfirmed", "exhausted"}
# What may follow what, as lifecycle has it; None is before the case was opened. Values: the state after it.
MACHINE = {
    "opened": ({None}, "unconfirmed"),
    "attempted": ({"unconfirmed"}, "unconfirmed"),
    "exhausted": ({"unconfirmed"}, "exhausted"),
    "confirmed": (OPEN, "confirmed"),
    "rejected": (OPEN, "rejected"),
    "reopened": ({"rejected", "exhausted"}, "unconfirmed"),
    "released": (OPEN, "released"),
}
DECISIONS = ["unconfirmed", "unconfirmed", "confirmed", "confirmed", "rejected"]
BOTH = [True, False]
# How often, and with what. One rule takes them all: of many rules Hypothesis leaves out a part in each example, and a
# story without decisions tells little.
SHARES: dict[str, tuple[int, dict[str, Sequence[Any]]]] = {
    "decide": (6, {"status": DECISIONS, "admin": BOTH, "go_on": BOTH}),
    "reopen": (3, {}),
    "go_on_with_another_lead": (2, {"early": range(4)}),
    "hear_of_the_lead": (2, {"version": range(1, 6), "kind": [LeadAcceptedV1, LeadUpdatedV1]}),
    "hear_of_a_return": (2, {"then": [None, ReturnDeclinedV1, ReturnAcceptedV1]}),
    "switch": (3, {"on": BOTH, "release": BOTH, "at_once": BOTH}),
    "flip_billable": (3, {"billable": BOTH, "level": ["admin", "sponsor"]}),
    "flag": (2, {"valid": BOTH}),
    "run_releases": (3, {}),
    "ask_for_the_next": (2, {}),
    "hear_something_again": (2, {"which": range(100)}),
    "erase": (1, {}),
}
NAMES = [name for name, (share, _) in SHARES.items() for _ in range(share)]


def _arguments(name: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({key: st.sampled_from(choices) for key, choices in SHARES[name][1].items()})


STEPS = st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), _arguments(name)))
READ_CASE = """
SELECT state, attempts, version, flagged_by IS NOT NULL AS flagged, content -> 'person' ->> 'first_name' AS name
FROM cases WHERE lead_id = $1
"""
STEP_OF = {"confirmed": "confirmed", "rejected": "rejected", "unconfirmed": "attempted"}


@dataclass
class Model:
    """What should be so. `lead_version`: of the newest content that was heard. `planned`: the project's open cases will
    be let go when releases run.
    """

    state: str | None = None
    attempts: int = 0
    version: int = 0
    lead_version: int = 0
    billable: bool = True
    flagged: bool = False
    returning: bool = False
    waiting: bool = False
    erased: bool = False
    releasing: bool = False
    planned: bool = False
    steps: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    def step(self, event: str | None) -> None:
        self.version += 1
        if event is not None:
            self.steps.append((event, self.version))
        if event in MACHINE:
            self.state = MACHINE[event][1]

    def open(self) -> None:
        if self.state is None and not self.erased:
            self.step("opened")
            self.planned = self.planned or self.releasing


class CaseMachine(RuleBasedStateMachine):
    """Leads of one project, one after the other."""

    def __init__(self, service: ServiceUnderTest, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.service, self.loop, self.model = service, loop, Model()
        self.project_id = f"prj_m{next(NUMBERS)}"
        self.ref = self.new_lead()
        self.returns = self.project_version = 0
        self.told: list[tuple[Any, int]] = []
        self.switch(on=True, release=False)

    def new_lead(self) -> LeadRef:
        return LeadRef(
            lead_id=f"lead_m{next(NUMBERS)}", partner_id="ptr_1", project_id=self.project_id, sponsor_id="spo_1"
        )

    def run(self, step: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(step, self.loop).result(60)

    def tell(self, event: Any, sequence: int) -> None:
        """And what was told before it, once more."""
        self.told.append((event, sequence))
        for again, its_sequence in self.told[:-3:-1]:
            self.run(self.service.deliver(again, its_sequence))

    def post(self, path: str, body: dict[str, Any], level: str) -> int:
        headers = self.service.headers(level, user_id=f"usr_{self.ref.lead_id}", sponsor_id="spo_1")
        return self.run(self.service.http.post(f"/v1/validation/{path}", json=body, headers=headers)).status_code

    def post_case(self, path: str, body: dict[str, Any], level: str = "admin") -> int:
        return self.post(f"cases/{self.ref.lead_id}/{path}", body, level)

    @property
    def known(self) -> bool:
        return self.model.state is not None and not self.model.erased

    @initialize(early=st.integers(0, 3))
    def begin(self, early: int) -> None:
        """Mostly with a case: little happens without one."""
        if early:
            self.hear_of_the_lead(version=early, kind=LeadAcceptedV1)

    def go_on_with_another_lead(self, early: int) -> None:
        """Where little more becomes of this one. What the project wants holds for the next."""
        if not (self.model.erased or self.model.returning or self.model.state in {"confirmed", "released"}):
            return
        self.check_what_was_told()
        before, self.model = self.model, Model()
        self.model.releasing, self.model.planned = before.releasing, before.planned
        self.ref = self.new_lead()
        self.told = [(event, sequence) for event, sequence in self.told if isinstance(event, ProjectChangedV1)]
        self.begin(early)

    def hear_of_the_lead(self, version: int, kind: Any) -> None:
        """Versions come as they like."""
        content: dict[str, Any] = {
            "external_id": "x",
            "received_at": NOW,
            "location": "queue",
            "priority": "normal",
            "hold": True,
        }
        self.tell(kind(lead=self.ref, person=Person(first_name=f"N{version}"), **content), version)
        self.model.lead_version = max(self.model.lead_version, version)
        self.model.open()

    def decide(self, status: str, admin: bool, go_on: bool) -> None:
        model = self.model
        answer = self.post_case("decision", {"status": status, "note": "n"}, "admin" if admin else "call_centre")
        may = model.state == "unconfirmed" or (model.state == "exhausted" and admin and status != "unconfirmed")
        if not self.known:
            assert answer == 404
        elif not may or model.returning:
            assert answer == 409
        else:
            assert answer == 200
            attempt = status == "unconfirmed"
            model.attempts += attempt
            model.waiting = attempt
            model.step("exhausted" if attempt and model.attempts >= MAX_ATTEMPTS else STEP_OF[status])
        if go_on:
            self.ask_for_the_next()

    def reopen(self) -> None:
        may = self.model.state in {"rejected", "exhausted"} and not self.model.returning
        answer = self.post_case("reopen", {"reason": "r"})
        assert answer == (404 if not self.known else 200 if may else 409)
        if answer == 200:
            self.model.attempts, self.model.waiting = 0, False
            self.model.step("reopened")

    def flag(self, valid: bool) -> None:
        may = self.model.state in OPEN and self.model.flagged != valid
        answer = self.post_case("flag", {"valid": valid, "reason": "r"})
        assert answer == (404 if not self.known else 200 if may else 409)
        if answer == 200:
            self.model.flagged = valid
            self.model.step(None)

    def flip_billable(self, billable: bool, level: str) -> None:
        may = self.model.state in {"confirmed", "released"} and self.model.billable != billable
        answer = self.post_case("billable", {"billable": billable, "reason": "r"}, level)
        assert answer == (404 if not self.known else 200 if may else 409)
        if answer == 200:
            self.model.billable = billable
            self.model.step("revalidated" if billable else "invalidated")

    def ask_for_the_next(self) -> None:
        model = self.model
        answer = self.post("next", {"project_id": self.project_id}, "call_centre")
        may = self.known and model.state == "unconfirmed" and not model.returning and not model.waiting
        assert answer == (200 if may else 204)

    def switch(self, on: bool, release: bool, at_once: bool = False) -> None:
        self.project_version += 1
        rules = ValidationRules(max_attempts=MAX_ATTEMPTS, held_leads="release" if release else "keep")
        shape: dict[str, Any] = {
            "name": "P",
            "kind": "outbound",
            "state": "active",
            "call_centre_validation": on,
            "validation": rules,
        }
        self.tell(ProjectChangedV1(project_id=self.project_id, **shape), self.project_version)
        releasing = release and not on
        self.model.planned = self.model.planned or (releasing and not self.model.releasing)
        self.model.releasing = releasing
        if at_once:
            self.run_releases()

    def run_releases(self) -> None:
        self.run(release_due(self.service.db, datetime.now(UTC) + LATE + timedelta(seconds=1)))
        if self.model.planned and self.model.releasing and self.model.state in OPEN and not self.model.erased:
            self.model.step("released")
        self.model.planned = False

    def hear_of_a_return(self, then: Any) -> None:
        if self.model.returning:
            return
        self.returns += 1
        return_id = f"ret_{self.ref.lead_id}_{self.returns}"
        content: dict[str, Any] = {"lead": self.ref, "reason": "r", "requested_at": NOW, "answer_by": NOW}
        self.tell(ReturnRequestedV1(return_id=return_id, **content), 1)
        if then is not None:
            self.tell(then(return_id=return_id, **content), 2)
        self.model.returning = then is not ReturnDeclinedV1

    def hear_something_again(self, which: int) -> None:
        """Under another message id, so that only the versions protect us."""
        event, sequence = self.told[which % len(self.told)]
        self.run(self.service.deliver(event, sequence))

    def erase(self) -> None:
        self.tell(ErasureRequestedV1(erasure_id=f"era_{self.ref.lead_id}", lead_ids=[self.ref.lead_id]), 1)
        self.model.erased = True

    @rule(step=STEPS)
    def take(self, step: tuple[str, dict[str, Any]]) -> None:
        name, arguments = step
        getattr(self, name)(**arguments)

    @invariant()
    def the_case_is_as_the_model_says(self) -> None:
        row = self.run(self.service.db.pool.fetchrow(READ_CASE, self.ref.lead_id))
        if not self.known:
            assert row is None
        else:
            model = self.model
            name = f"N{model.lead_version}"
            assert tuple(row) == (model.state, model.attempts, model.version, model.flagged, name)
            assert row["attempts"] <= MAX_ATTEMPTS

    def teardown(self) -> None:
        self.check_what_was_told()

    def check_what_was_told(self) -> None:
        """One event for each transition that lifecycle allows, versions strictly increasing, nothing else told."""
        query = "SELECT body FROM outbox WHERE subject = $1 ORDER BY position"
        envelopes = [
            decode_envelope(row["body"]) for row in self.run(self.service.db.pool.fetch(query, self.ref.lead_id))
        ]
        told = [(type(decode_event(envelope)).type.split(".")[2], envelope.sequence) for envelope in envelopes]
        assert told == self.model.steps
        versions = [version for _, version in told]
        assert versions == sorted(set(versions))
        state: str | None = None
        for event, _ in told:
            if event in MACHINE:
                before, after = MACHINE[event]
                assert state in before
                state = after


async def test_v4_the_machine_holds_on_walks_without_aim(service: ServiceUnderTest):
    """The same ones each time. Few examples of Hypothesis are much alike; these come by every transition often."""
    loop = asyncio.get_running_loop()
    for seed in range(WALKS):
        await asyncio.to_thread(_walk, partial(CaseMachine, service, loop), random.Random(seed))


def _walk(make_machine: Callable[[], CaseMachine], dice: random.Random) -> None:
    machine = make_machine()
    steps: list[tuple[str, dict[str, Any]]] = []
    try:
        for _ in range(STEPS_OF_A_WALK):
            name = dice.choice(NAMES)
            steps.append((name, {key: dice.choice(choices) for key, choices in SHARES[name][1].items()}))
            machine.take(steps[-1])
            machine.the_case_is_as_the_model_says()
        machine.teardown()
    except AssertionError as error:
        error.add_note("\n".join(map(str, steps)))
        raise


@pytest.mark.timeout(300 + 5 * EXAMPLES)
async def test_v4_the_machine_holds_in_any_order_of_steps(service: ServiceUnderTest):
    """`LEADWIRE_MACHINE_EXAMPLES=2000` for a long run."""
    loop = asyncio.get_running_loop()
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=50,
        deadline=None,
        database=None,
        derandomize=EXAMPLES <= 60,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    machine: Any = partial(CaseMachine, service, loop)
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=chosen)
