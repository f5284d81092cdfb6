"""G6.5: every write leaves an entry, in its own transaction, and it says what may be said."""

from typing import Any

import pytest
from contracts.events.audit import AuditEntry, FieldChange
from contracts.events.identity import AuditRecordedV1
from servicekit.audit import Doer, act_as
from servicekit.audit.rules import Rules, ids_in, name_of, told_filter
from servicekit.audit.ship import LONGEST_VALUE, ship_entries, shortened
from servicekit.testing import ServiceUnderTest


async def entries(service: ServiceUnderTest) -> list[AuditEntry]:
    """Through the journal and the outbox."""
    while await ship_entries(service.db):
        pass
    return [event for event in await service.published(AuditRecordedV1) if isinstance(event, AuditRecordedV1)]


async def make_thing(service: ServiceUnderTest, **headers: str) -> str:
    made = await service.http.post("/v1/things", json={"name": "a"}, headers=service.headers() | headers)
    return made.json()["id"]


async def test_g6_5_a_change_is_told_from_what_to_what_by_whom(service: ServiceUnderTest) -> None:
    thing_id = await make_thing(service, **{"X-Request-Id": "first"})
    headers = service.headers("supervisor", user_id="usr_2") | {"X-Request-Id": "second"}
    await service.http.patch(f"/v1/things/{thing_id}", json={"name": "b"}, headers=headers)
    made, changed = await entries(service)
    assert (made.action, made.object_kind, made.object_id) == ("created", "thing", thing_id)
    assert (made.actor, made.access_level, made.request_id) == ("usr_test", "admin", "first")
    assert (changed.action, changed.actor, changed.access_level) == ("changed", "usr_2", "supervisor")
    assert (changed.operation, changed.request_id) == ("PATCH /v1/things/{thing_id}", "second")
    assert changed.changes == [FieldChange(field="name", before="a", after="b")]


async def test_g6_5_a_secret_is_said_to_have_changed_and_never_shown(service: ServiceUnderTest) -> None:
    thing_id = await make_thing(service)
    await service.http.patch(f"/v1/things/{thing_id}", json={"pin": "1234"}, headers=service.headers())
    await service.http.patch(f"/v1/things/{thing_id}", json={"pin": "9876"}, headers=service.headers())
    _, first, second = await entries(service)
    assert first.changes == [FieldChange(field="pin", before=None, after="***")]
    assert second.changes == [FieldChange(field="pin", before="***", after="***")]


async def test_g6_5_what_no_watched_row_tells_is_told_by_ids_and_names_of_fields(service: ServiceUnderTest) -> None:
    body = {
        "note": "Maija Meikalainen",
        "lead_ids": ["lead_01aaaaaaaa", "0401234567"],
        "to": {"agent_id": "usr_01bbbbbb"},
    }
    await service.http.post("/v1/things/thg_7/wake", json=body, headers=service.headers())
    (entry,) = await entries(service)
    assert (entry.action, entry.object_kind, entry.object_id) == ("wake", "thing", "thg_7")
    assert entry.subjects == ["lead_01aaaaaaaa", "usr_01bbbbbb"]
    assert entry.details == {"fields": ["lead_ids", "note", "to"]}


async def test_g6_5_a_change_that_changes_nothing_is_still_told(service: ServiceUnderTest) -> None:
    thing_id = await make_thing(service)
    await service.http.patch(f"/v1/things/{thing_id}", json={"name": "a"}, headers=service.headers())
    _, asked = await entries(service)
    assert (asked.action, asked.changes, asked.details) == ("changed", [], {"fields": ["name"]})


async def test_g6_5_an_export_is_told_with_its_filter_but_for_what_may_be_a_person(service: ServiceUnderTest) -> None:
    address = "/v1/things/thg_7/export?state=open&phone=%2B358401234567&limit=5"
    await service.http.get(address, headers=service.headers())
    (entry,) = await entries(service)
    assert (entry.action, entry.object_id) == ("export", "thg_7")
    assert entry.details == {"filter": {"state": "open", "phone": "(not kept)", "limit": "(not kept)"}}


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/things", {"name": "a", "crash": True}), ("/v1/things", {"nme": "a"}), ("/v1/dreams", {"of": "sheep"})],
    ids=["rolled back", "refused", "exempt"],
)
async def test_g6_5_no_change_no_entry(service: ServiceUnderTest, path: str, body: dict[str, Any]) -> None:
    await service.http.post(path, json=body, headers=service.headers())
    assert await entries(service) == []


async def test_g6_5_a_repeat_with_the_same_key_is_one_entry(service: ServiceUnderTest) -> None:
    first = await make_thing(service, **{"Idempotency-Key": "k"})
    assert await make_thing(service, **{"Idempotency-Key": "k"}) == first
    assert len(await entries(service)) == 1


async def test_g6_5_commands_and_people_at_the_database_leave_entries_too(service: ServiceUnderTest) -> None:
    async with service.db.unit_of_work() as work:
        await act_as(work, Doer("cli:root", "cli", operation="leadwire things"))
        await work.execute("INSERT INTO things (id, name) VALUES ('thg_1', 'a')")
    await service.db.pool.execute("DELETE FROM things")
    made, deleted = await entries(service)
    assert (made.actor, made.operation, made.details) == ("cli:root", "leadwire things", {})
    assert (deleted.actor, deleted.action) == ("system", "deleted")
    assert list(deleted.details) == ["database_user"]


async def test_g6_5_what_stays_although_its_request_fails_is_told_with_its_doer(service: ServiceUnderTest) -> None:
    """With an idempotency key, too: one mark keeps both edges from putting a transaction around it."""
    headers = service.headers(user_id="usr_7") | {"Idempotency-Key": "k"}
    assert (await service.http.post("/v1/tries", headers=headers)).status_code == 409
    (entry,) = await entries(service)
    assert (entry.actor, entry.operation, entry.object_id) == ("usr_7", "POST /v1/tries", "thg_try")


async def test_g6_5_a_forged_identity_opens_no_transaction(service: ServiceUnderTest) -> None:
    answer = await service.http.patch("/v1/things/thg_1", json={}, headers={"X-Leadwire-Identity": "e30.e30.x"})
    assert answer.status_code == 401
    assert await entries(service) == []


@pytest.mark.parametrize(
    ("operation", "status", "named"),
    [
        ("POST /v1/partners", 201, ("created", "partner", "")),
        ("POST /v1/partners/{a_id}/api-keys", 201, ("created", "api_key", "")),
        ("POST /v1/partners/{a_id}/api-keys/{b_id}/rotate", 200, ("rotate", "api_key", "two")),
        ("POST /v1/validation/decisions/batch", 200, ("decisions-batch", "validation", "")),
        ("PUT /v1/campaigns/{a_id}/agents", 200, ("agents", "campaign", "one")),
        ("DELETE /v1/partners/{a_id}", 204, ("deleted", "partner", "one")),
        ("PUT /v1/queue/defaults", 200, ("defaults", "queue", "")),
        ("GET /v1/leads/export", 200, ("export", "lead", "")),
    ],
)
def test_an_operation_is_named(operation: str, status: int, named: tuple[str, str, str]) -> None:
    method, path = operation.split(" ")
    found = name_of(method, path, {"a_id": "one", "b_id": "two"}, status)
    assert (found.action, found.object_kind, found.object_id) == named


def test_only_ids_of_ours_are_taken_from_a_body() -> None:
    body = {"lead_id": "lead_01aaaaaaaa", "external_id": "Maija Meikalainen", "name": "usr_01bbbbbb", "ids": [1, None]}
    assert ids_in(body) == ["lead_01aaaaaaaa"]
    assert ids_in(["lead_01aaaaaaaa"]) == []


def test_a_filter_tells_no_name_number_or_address() -> None:
    asked = [("project_id", "prj_1"), ("received_from", "2026-01-01"), ("q", "Maija"), ("email", "m@example.org")]
    told = told_filter([*asked, ("external_id", "M. Meikalainen"), ("cursor", "W10")])
    assert told == {
        "project_id": "prj_1",
        "received_from": "2026-01-01",
        "q": "(not kept)",
        "email": "(not kept)",
        "external_id": "(not kept)",
        "cursor": "(not kept)",
    }


def test_exports_are_kept_without_being_named() -> None:
    rules = Rules(exempt={"POST /v1/x": "why"}, reads=frozenset({"GET /v1/files/{file_id}"}))
    assert rules.keeps_read("GET /v1/y/export")
    assert rules.keeps_read("GET /v1/files/{file_id}")
    assert not rules.keeps_read("GET /v1/y")
    assert not rules.keeps_write("POST /v1/x")


def test_long_values_are_cut() -> None:
    assert len(shortened("x" * 10_000)) < LONGEST_VALUE + 10
    assert shortened(["a", 1, None]) == ["a", 1, None]
    assert len(shortened({"text": "x" * 10_000})) < LONGEST_VALUE + 10
    assert shortened(7) == 7
