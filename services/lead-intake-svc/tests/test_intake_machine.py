"""The intake machine of the lifecycle against a model of it: pushes, decisions, edits, revocations, and moving time.

`LEADWIRE_MACHINE_EXAMPLES` makes the run longer.
"""

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
from contracts.events.sponsor import DuplicateRules, IntakeRules
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
from lead_intake_svc.testing import World, lead

WINDOW_DAYS = 30
PHONES = st.sampled_from([f"+35840111222{n}" for n in range(3)])
NAMES = st.sampled_from(["Maija", "asdf"])
NUMBERS = st.integers(0, 11)
TABLES = ("leads", "lead_identities", "lead_revisions", "timeline", "suppressions", "outbox")
T = TypeVar("T")


@dataclass
class Modelled:
    """`sent` is what the partner pushed last, whatever was edited since."""

    id: str
    status: str
    phone: str
    name: str
    sent: tuple[str, str]
    age_days: int = 0
    revoked: bool = False


class IntakeMachine(RuleBasedStateMachine):
    world: World
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.leads: dict[int, Modelled] = {}
        self.suppressed: set[str] = set()

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(doing, self.loop).result(60)

    def expected(self, phone: str, name: str, itself: Modelled | None = None) -> str:
        doubled = any(
            other.phone == phone and other.status != "rejected" and other.age_days < WINDOW_DAYS
            for other in self.leads.values()
            if other is not itself
        )
        if doubled or phone in self.suppressed:
            return "rejected"
        return "quarantined" if name == "asdf" else "accepted"

    @initialize()
    def begin(self) -> None:
        for table in TABLES:
            self.run(self.world.rows(f"DELETE FROM {table}"))
        self.run(self.world.rows("UPDATE change_counters SET version = version + 1"))

    @rule(number=NUMBERS, phone=PHONES, name=NAMES)
    def push(self, number: int, phone: str, name: str) -> None:
        body = lead(external_id=f"e{number}", project_id="prj_m", phone=phone, first_name=name, email=None)
        response = self.run(self.world.push(body))
        known = self.leads.get(number)
        if known is None:
            expected = self.expected(phone, name)
            assert (response.status_code, response.json()["status"]) == (201, expected)
            self.leads[number] = Modelled(response.json()["id"], expected, phone, name, sent=(phone, name))
        elif (phone, name) in {known.sent, (known.phone, known.name)}:
            # A push that is only repeated does not undo what was edited.
            assert (response.status_code, response.json()["status"]) == (200, known.status)
        elif known.status == "quarantined":
            assert (response.status_code, response.json()["id"]) == (200, known.id)
            self.change(known, phone, name)
            known.sent = (phone, name)
            assert response.json()["status"] == known.status
        elif known.status == "accepted" and self.expected(phone, name, known) == "accepted":
            # What it was known by stays its own: the model leaves numbers of accepted leads alone.
            assert response.status_code == 200
            self.forget(number, known)
        else:
            assert response.status_code in {409, 422}

    def forget(self, number: int, known: Modelled) -> None:
        """Out of the model, and out of the way of others."""
        del self.leads[number]
        self.run(self.world.rows("DELETE FROM lead_identities WHERE lead_id = $1", known.id))
        for table, column in (("leads", "id"), ("outbox", "subject"), ("timeline", "lead_id")):
            self.run(self.world.rows(f"DELETE FROM {table} WHERE {column} = $1", known.id))

    def change(self, known: Modelled, phone: str, name: str) -> None:
        known.status = self.expected(phone, name, known)
        known.phone, known.name = phone, name

    @precondition(lambda self: self.leads)
    @rule(data=st.data(), accept=st.booleans())
    def decide(self, data: st.DataObject, accept: bool) -> None:
        known = data.draw(st.sampled_from(list(self.leads.values())))
        body = {"decision": "accept" if accept else "reject", "reason": "So."}
        path = f"/v1/leads/{known.id}/decision"
        response = self.run(self.world.http.post(path, json=body, headers=self.world.service.headers()))
        if known.status != "quarantined" or (accept and (known.revoked or known.phone in self.suppressed)):
            assert response.status_code == 409
        else:
            known.status = "accepted" if accept else "rejected"
            assert (response.status_code, response.json()["status"]) == (200, known.status)

    @precondition(lambda self: self.leads)
    @rule(data=st.data(), phone=PHONES, name=NAMES)
    def edit(self, data: st.DataObject, phone: str, name: str) -> None:
        known = data.draw(st.sampled_from(list(self.leads.values())))
        body = {"edits": [{"lead_id": known.id, "changes": {"phone": phone, "first_name": name}}]}
        response = self.run(
            self.world.http.post("/v1/leads/bulk-edit", json=body, headers=self.world.service.headers())
        )
        (result,) = response.json()["results"]
        if known.status == "accepted":
            assert result["code"] == "lead-delivered"
        else:
            self.change(known, phone, name)
            assert result["lead_status"] == known.status

    @precondition(lambda self: self.leads)
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        known = data.draw(st.sampled_from(list(self.leads.values())))
        path = f"/v1/leads/{known.id}/consent/revoke"
        response = self.run(self.world.http.post(path, headers=self.world.service.headers()))
        assert response.status_code == 200
        known.revoked = known.revoked or known.status != "rejected"

    @rule(phone=PHONES)
    def suppress(self, phone: str) -> None:
        body = {"kind": "phone", "value": phone}
        self.run(self.world.http.post("/v1/suppressions", json=body, headers=self.world.service.headers()))
        self.suppressed.add(phone)

    @precondition(lambda self: self.suppressed)
    @rule()
    def unsuppress(self) -> None:
        rows = self.run(self.world.rows("SELECT id FROM suppressions"))
        for row in rows:
            path = f"/v1/suppressions/{row['id']}"
            self.run(self.world.http.delete(path, headers=self.world.service.headers()))
        self.suppressed.clear()

    @rule(days=st.sampled_from([1, 20, 31]))
    def time_passes(self, days: int) -> None:
        for table in ("leads", "lead_identities"):
            statement = f"UPDATE {table} SET received_at = received_at - $1::interval"
            self.run(self.world.rows(statement, timedelta(days=days)))
        for known in self.leads.values():
            known.age_days += days

    @invariant()
    def the_database_agrees(self) -> None:
        rows = self.run(self.world.rows("SELECT id, status FROM leads"))
        assert {row["id"]: row["status"] for row in rows} == {known.id: known.status for known in self.leads.values()}

    @invariant()
    def every_lead_is_told_as_it_is_with_rising_versions(self) -> None:
        rows = self.run(self.world.rows("SELECT type, subject, body FROM outbox ORDER BY position"))
        told: dict[str, list[tuple[str, int]]] = {}
        for row in rows:
            if row["type"].startswith(("intake.lead", "intake.consent")):
                sequence = msgspec.json.decode(row["body"])["sequence"]
                told.setdefault(row["subject"], []).append((row["type"].split(".")[2], sequence))
        for known in self.leads.values():
            states = [state for state, _ in told[known.id] if state in {"accepted", "rejected", "quarantined"}]
            versions = [version for _, version in told[known.id]]
            assert states[-1] == known.status
            assert states.count("accepted") <= 1
            assert versions == sorted(set(versions))


async def test_i2_15_i2_16_i2_21_the_intake_machine_does_what_the_lifecycle_says(world: World):
    rules = DuplicateRules(window_days=WINDOW_DAYS)
    await world.project("prj_m", checks={"names": "quarantine"}, duplicates=rules, intake=IntakeRules(bulk_edit=True))

    class Machine(IntakeMachine):
        pass

    Machine.world, Machine.loop = world, asyncio.get_running_loop()
    examples = int(os.environ.get("LEADWIRE_MACHINE_EXAMPLES", "8"))
    wanted = settings(
        max_examples=examples,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        phases=[Phase.generate],
        database=None,
    )
    await asyncio.to_thread(run_state_machine_as_test, Machine, settings=wanted)
