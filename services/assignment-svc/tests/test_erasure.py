"""I2.27: an erasure leaves nothing personal, gives a receipt, and cannot be undone by a message that comes late."""

from assignment_svc.testing import AGENT, CallCentre
from contracts.events.assignment import ErasureCompletedV1
from contracts.events.intake import LeadAcceptedV1, LeadUpdatedV1, ReturnRequestedV1
from contracts.events.values import Order, Person

SECRETS = ("Hemmelig", "Personsson", "+358401234567", "secret@person.example", "secret note", "secret@", "SECRET-1")


async def _holding(centre: CallCentre) -> list[str]:
    """The tables in which a secret is found, the outbox's messages under way aside."""
    pool = centre.service.db.pool
    tables = await pool.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    found: list[str] = []
    for (table,) in tables:
        text = f"SELECT count(*) FROM {table} t WHERE "
        column = "convert_from(t.body, 'UTF8')" if table in {"idempotency_keys", "dead_letters"} else "t::text"
        needles = " OR ".join(f"{column} LIKE ${n}" for n in range(1, len(SECRETS) + 1))
        if table != "outbox" and await pool.fetchval(text + needles, *(f"%{secret}%" for secret in SECRETS)):
            found.append(table)
    return found


def _person() -> Person:
    address = {"street": "secret@ street"}
    return Person(
        first_name="Hemmelig", last_name="Personsson", phone=SECRETS[2], email="secret@person.example", address=address
    )


async def _work_on(centre: CallCentre) -> None:
    await centre.lead(person=_person(), order=Order(number="SECRET-1", status="partial"), comments="secret note")
    lead_id = (await centre.claim(**{"Idempotency-Key": "k1"})).json()["work_item"]["lead_id"]
    token = await centre.service.db.pool.fetchval("SELECT token FROM locks WHERE lead_id = $1", lead_id)
    headers = centre.as_agent()
    answer = await centre.step("lead_1", "callback", str(token), at="2026-01-01T00:00:00Z", note="secret note")
    assert answer.status_code == 422
    await centre.step("lead_1", "invalidate", str(token), reason="secret note")
    await centre.service.http.put("/v1/work-items/lead_1/draft", json={"note": "secret note"}, headers=headers)
    await centre.returned(ReturnRequestedV1)


async def test_i2_27_nothing_personal_is_left_in_any_table_and_a_receipt_is_given(centre: CallCentre):
    await _work_on(centre)
    held = await _holding(centre)
    assert {"leads", "orders", "history", "drafts", "idempotency_keys", "withdrawals"} <= set(held)
    await centre.erase("lead_1")
    assert await _holding(centre) == []
    assert await centre.state_of() == "erased"
    (receipt,) = await centre.service.published(ErasureCompletedV1)
    assert isinstance(receipt, ErasureCompletedV1)
    assert receipt.erasure_id == "era_1"
    assert receipt.removed["leads"] == 1
    assert receipt.removed["drafts"] == 1
    assert (await centre.told())[-1].startswith("lead.withdrawn")
    item = await centre.item()
    assert item["person"] == {"first_name": None, "last_name": None, "phone": None, "email": None, "address": None}


async def test_i2_27_nothing_is_written_any_more_of_somebody_who_was_erased(centre: CallCentre):
    """By anybody: no later erasure would take it away."""
    await centre.lead(person=_person())
    fields = {"fields": [{"name": "phone", "editable": True}]}
    assert (await centre.write("PUT", "campaigns/prj_1/fields", fields)).status_code == 200
    await centre.erase("lead_1")
    for method, path, body in (
        ("PATCH", "work-items/lead_1", {"fields": {"phone": SECRETS[2]}}),
        ("POST", "work-items/lead_1/notes", {"note": "secret note"}),
        ("PUT", "work-items/lead_1/draft", {"note": "secret note"}),
        ("POST", "orders", {"lead_id": "lead_1", "number": "SECRET-1"}),
    ):
        refused = await centre.write(method, path, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "lead-erased"), path
    assert await _holding(centre) == []


async def test_i2_27_a_person_without_leads_gets_a_receipt_too(centre: CallCentre):
    await centre.erase()
    (receipt,) = await centre.service.published(ErasureCompletedV1)
    assert isinstance(receipt, ErasureCompletedV1)
    assert set(receipt.removed.values()) == {0}


async def test_i2_27_a_late_message_does_not_bring_an_erased_lead_back(centre: CallCentre):
    await centre.erase("lead_1", "lead_2")
    event = await centre.lead("lead_1", person=_person())
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    assert isinstance(event, LeadAcceptedV1)
    await centre.service.deliver(LeadUpdatedV1(**fields), 9)
    assert await _holding(centre) == []
    assert await centre.service.db.pool.fetchval("SELECT count(*) FROM work_items") == 0
    assert (await centre.claim(AGENT)).status_code == 204


async def test_i2_27_a_lead_that_was_being_stored_at_that_moment_is_scrubbed_by_the_second_look(centre: CallCentre):
    await centre.erase("lead_1")
    await centre.service.db.pool.execute("UPDATE lead_facts SET lead_id = 'aside'")
    await centre.lead("lead_1", person=_person())
    await centre.service.db.pool.execute("UPDATE lead_facts SET lead_id = 'lead_1'")
    await centre.pass_time(seconds=4)
    assert await _holding(centre) == []
    assert await centre.state_of() == "erased"


async def test_i2_27_a_repeat_and_a_second_request_give_a_receipt_each(centre: CallCentre):
    await centre.lead(person=_person())
    await centre.erase("lead_1")
    await centre.erase("lead_1", erasure_id="era_2")
    receipts = await centre.service.published(ErasureCompletedV1)
    assert [one.erasure_id for one in receipts if isinstance(one, ErasureCompletedV1)] == ["era_1", "era_2"]
    assert await centre.told() == ["lead.queued 1", "lead.withdrawn 2"]
