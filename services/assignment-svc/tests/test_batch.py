"""A1.5, A1.7: assigning by hand, one and many, and the pickers that lead there."""

from typing import Any

from assignment_svc.testing import AGENT, CallCentre
from contracts.events.assignment import LeadAssignedV1
from contracts.events.values import Order


async def _batch(centre: CallCentre, headers: Any = None, **body: Any) -> Any:
    return await centre.write("POST", "assignments/batch", {"agent_id": AGENT, **body}, headers)


def _told(answer: Any) -> list[tuple[str, str | None]]:
    return [(row["status"], row["code"]) for row in answer.json()["results"]]


async def test_a1_7_every_row_of_a_batch_has_its_result_and_the_log_keeps_them(centre: CallCentre):
    await centre.agent("usr_other")
    for lead_id in ("lead_1", "lead_2", "lead_taken"):
        await centre.partial(lead_id)
    await centre.lead("lead_none")
    await centre.supervise("assignments", lead_id="lead_taken", agent_id="usr_other")
    wanted = ["lead_1", "lead_unknown", "lead_none", "lead_taken", "lead_2", "lead_1"]
    answer = await _batch(centre, lead_ids=wanted)
    assert _told(answer) == [
        ("ok", None),
        ("failed", "not-found"),
        ("skipped", "order-not-partial"),
        ("skipped", "already-assigned"),
        ("ok", None),
        ("skipped", "repeated"),
    ]
    assert [row["index"] for row in answer.json()["results"]] == list(range(6))
    events = [e for e in await centre.service.published(LeadAssignedV1) if isinstance(e, LeadAssignedV1)]
    assert [(e.lead.lead_id, e.via) for e in events[1:]] == [("lead_1", "batch"), ("lead_2", "batch")]
    (entry,) = (await centre.read("assignments/batch"))["data"]
    assert (entry["leads"], entry["assigned"], entry["actor"], entry["agent_id"]) == (6, 2, "usr_boss", AGENT)
    log = await centre.read(f"assignments/batch/{entry['id']}")
    assert log["results"] == answer.json()["results"]
    await centre.read("assignments/batch/bat_x", status=404)


async def test_a1_7_a_repeat_changes_nothing(centre: CallCentre):
    await centre.partial()
    headers = {**centre.service.headers("supervisor"), "Idempotency-Key": "once"}
    first = await _batch(centre, headers, lead_ids=["lead_1"])
    again = await _batch(centre, headers, lead_ids=["lead_1"])
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert _told(await _batch(centre, lead_ids=["lead_1"])) == [("skipped", "already-with-agent")]
    assert await centre.told() == ["lead.queued 1", "lead.assigned 2"]
    assert await centre.service.db.pool.fetchval("SELECT open_claims FROM agents WHERE agent_id = $1", AGENT) == 1


async def test_a1_7_orders_are_selected_too_and_only_the_newest_counts(centre: CallCentre):
    await centre.partial("lead_1")
    old = (await centre.item())["order"]["id"]
    newer = await centre.write("POST", "orders", {"lead_id": "lead_1", "number": "P2"})
    answer = await _batch(centre, order_ids=[old, newer.json()["id"], "ord_x"])
    assert _told(answer) == [("skipped", "order-not-newest"), ("ok", None), ("failed", "not-found")]


async def test_a1_7_takes_500_at_a_time_and_refuses_what_is_no_batch(centre: CallCentre):
    for number in range(500):
        await centre.partial(f"lead_{number:03}")
    ids = [f"lead_{number:03}" for number in range(500)]
    assert (await _batch(centre, lead_ids=ids)).json()["assigned"] == 500
    for wrong in (
        {"lead_ids": [*ids, "lead_more"]},
        {},
        {"lead_ids": ["a"], "order_ids": ["b"]},
        {"lead_ids": ["a"], "via": "rule"},
        {"lead_ids": ["a"], "agent_id": "usr_unknown"},
    ):
        assert (await _batch(centre, **wrong)).status_code == 422, wrong
    assert (await _batch(centre, centre.as_agent(), lead_ids=["lead_000"])).status_code == 403


async def test_a1_9_the_option_allows_leads_whose_order_is_not_partial(centre: CallCentre):
    await centre.lead("lead_1", order=Order(number="1", status="completed"))
    await centre.lead("lead_2")
    await centre.options(view_non_partial_orders=True)
    assert (await centre.supervise("assignments", lead_id="lead_1", agent_id=AGENT)).status_code == 201
    assert _told(await _batch(centre, lead_ids=["lead_2"])) == [("ok", None)]


async def test_a1_5_the_pickers_find_active_agents_and_leads_whose_newest_order_is_partial(centre: CallCentre):
    await centre.agent("usr_zoe")
    await centre.agent("usr_zoran", active=False)
    assert [row["id"] for row in (await centre.read("agents?q=USR_Z"))["data"]] == ["usr_zoe"]
    await centre.partial("lead_1")
    await centre.partial("lead_2")
    await centre.lead("lead_none")
    await centre.lead("lead_done", order=Order(number="1", status="completed"))
    await _batch(centre, lead_ids=["lead_2"])
    asked = {"newest_order": "partial", "assignable": True, "q": "virtanen"}
    found = (await centre.write("POST", "customers/search", asked)).json()
    assert [row["lead_id"] for row in found["data"]] == ["lead_1"]
