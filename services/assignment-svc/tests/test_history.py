"""A1.13: the customer's history, complete and append-only."""

from typing import Any

import asyncpg
import pytest
from assignment_svc.testing import CallCentre, lead_ref
from contracts.events.intake import LeadUpdatedV1
from contracts.events.notify import EmailBouncedV1, EmailSentV1
from contracts.events.values import Money, Order


async def test_a1_13_the_history_tells_everything_with_who_and_when(centre: CallCentre):
    await centre.partial()
    changed = Order(number="P1", status="partial", total=Money(amount_minor=7, currency="EUR"))
    event = await centre.partial("lead_0")
    await centre.service.deliver(_updated(event, changed), 2)
    assert [entry["event"] for entry in await _history(centre, "lead_0")] == ["order_changed", "queued"]
    lead_id, token = await centre.claimed()
    await centre.step(lead_id, "attempts", token, outcome="reached")
    await centre.step(lead_id, "notes", token, note="prefers mornings")
    order = {"lead_id": lead_id, "number": "N2"}
    await centre.write("POST", "orders", order, centre.as_agent(token=token))
    mail: dict[str, Any] = {
        "email_id": "eml_1",
        "cause_id": "evt_1",
        "template": "purchase",
        "recipient": "p@example.fi",
    }
    await centre.service.deliver(EmailSentV1(lead=lead_ref(lead_id), **mail))
    await centre.service.deliver(EmailBouncedV1(lead=lead_ref(lead_id), kind="bounce", reason="5.1.1", **mail), 2)
    await centre.service.deliver(EmailSentV1(lead=lead_ref("lead_x"), **mail), 3)
    disposition_id = await centre.disposition()
    await centre.step(lead_id, "resolve", token, disposition_id=disposition_id, note="too dear")
    told = await _history(centre, lead_id)
    assert [entry["event"] for entry in told if entry["event"] != "order_changed" or entry["actor"]] == [
        *("resolved", "email_bounced", "email_sent", "order_changed", "noted", "attempt_logged", "claimed", "queued"),
    ]
    by_event = {entry["event"]: entry for entry in told}
    assert by_event["noted"]["data"] == {"note": "prefers mornings"}
    assert by_event["noted"]["actor"] == "usr_agent"
    assert by_event["resolved"]["data"]["disposition"] == "Not interested"
    assert by_event["email_bounced"]["data"] == {"email_id": "eml_1", "template": "purchase", "reason": "5.1.1"}
    assert all(entry["at"] for entry in told)


def _updated(event: Any, order: Order) -> Any:
    fields: dict[str, Any] = {name: getattr(event, name) for name in event.__struct_fields__}
    fields["order"] = order
    return LeadUpdatedV1(**fields)


async def _history(centre: CallCentre, lead_id: str) -> list[dict[str, Any]]:
    return (await centre.read(f"work-items/{lead_id}/history"))["data"]


@pytest.mark.parametrize("statement", ["UPDATE history SET event = 'nothing'", "DELETE FROM history"])
async def test_a1_13_the_database_refuses_to_rewrite_history(centre: CallCentre, statement: str):
    await centre.lead()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        await centre.service.db.pool.execute(statement)
    assert [entry["event"] for entry in await _history(centre, "lead_1")] == ["queued"]


async def test_a1_13_notes_need_the_lock_and_agents_write_none_on_foreign_leads(centre: CallCentre):
    await centre.lead()
    assert (await centre.step("lead_1", "notes", note="n")).status_code == 404
    _, token = await centre.claimed()
    assert (await centre.step("lead_1", "notes", note="n")).status_code == 423
    assert (await centre.step("lead_1", "notes", token, note="")).status_code == 422
    assert (await centre.step("lead_1", "notes", token, note="n")).status_code == 201
