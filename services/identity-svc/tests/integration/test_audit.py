"""G6.5 The audit log: searchable, exportable, only added to."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from contracts.events import identity, intake
from contracts.events.audit import FieldChange
from contracts.ids import new_uuid
from identity_svc.second_factor.second_factor import SecondFactor
from identity_svc.users.create_user import ensure_admin
from servicekit.audit.ship import ship_entries
from servicekit.sealing import Sealer
from servicekit.testing import ServiceUnderTest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Told = type[intake.AuditRecordedV1] | type[identity.AuditRecordedV1]


def entry(number: int, told: Told = intake.AuditRecordedV1, **changes: Any) -> Any:
    fields: dict[str, Any] = {
        "entry_id": f"aud_{number:04}",
        "at": NOON + timedelta(minutes=number),
        "actor": "usr_1",
        "access_level": "admin",
        "request_id": f"request-{number}",
        "operation": "PATCH /v1/partners/{partner_id}",
        "action": "changed",
        "object_kind": "partner",
        "object_id": f"ptr_{number:04}",
    }
    return told(**fields | changes)


async def read(service: ServiceUnderTest, /, **asked: Any) -> list[dict[str, Any]]:
    answer = await service.http.get("/v1/audit", params=asked, headers=service.headers())
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def ids(service: ServiceUnderTest, /, **asked: Any) -> list[str]:
    return [each["id"] for each in await read(service, **asked)]


async def hear_own(service: ServiceUnderTest) -> None:
    """What this service's journal holds, on its way through the broker."""
    await ship_entries(service.db)
    for event in await service.published(identity.AuditRecordedV1):
        await service.deliver(event)


async def test_g6_5_a_changed_user_is_found_with_before_and_after_and_no_password(service: ServiceUnderTest):
    body = {"email": "ann@example.org", "name": "Ann", "access_level": "leads_agent", "password": "correct horse"}
    made = await service.http.post("/v1/users", json=body, headers=service.headers())
    user_id = made.json()["id"]
    changes = {"access_level": "supervisor", "password": "battery staple"}
    headers = service.headers(user_id=user_id) | {"X-Request-Id": "the-request"}
    assert (await service.http.patch(f"/v1/users/{user_id}", json=changes, headers=headers)).status_code == 200
    await hear_own(service)
    await hear_own(service)  # a repeat changes nothing
    changed, created = await read(service, object_id=user_id)
    assert (created["action"], created["service"], created["object_kind"]) == ("created", "identity-svc", "user")
    assert changed["actor"] == {"id": user_id, "access_level": "admin", "name": "Ann", "email": "ann@example.org"}
    assert changed["request_id"] == "the-request"
    shown = {change["field"]: (change["before"], change["after"]) for change in changed["changes"]}
    assert shown["access_level"] == ("leads_agent", "supervisor")
    assert shown["password_hash"] == ("***", "***")
    assert set(shown) == {"access_level", "password_hash", "permissions"}
    assert "argon2" not in str([changed, created])


async def test_g6_5_a_changed_policy_and_a_revoked_token_are_told_with_before_and_after(service: ServiceUnderTest):
    headers = service.headers()
    service.app.http.state.second_factor = SecondFactor(Sealer("k" * 40))
    changed = await service.http.patch(
        "/v1/sign-in-policy", json={"second_factor_levels": ["admin", "supervisor"]}, headers=headers
    )
    assert changed.status_code == 200, changed.text
    body = {"email": "crm@example.org", "name": "CRM", "access_level": "integration"}
    user = (await service.http.post("/v1/users", json=body, headers=headers)).json()
    path = f"/v1/users/{user['id']}/tokens"
    wanted = {"name": "nightly", "expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    token = (await service.http.post(path, json=wanted, headers=headers)).json()
    assert (await service.http.delete(f"{path}/{token['id']}", headers=headers)).status_code == 204
    await hear_own(service)
    (policy,) = await read(service, object_kind="sign_in_policy")
    assert policy["changes"] == [{"field": "second_factor_levels", "before": [], "after": ["admin", "supervisor"]}]
    revoked, issued = await read(service, object_kind="api_token")
    assert [(one["field"], one["before"]) for one in revoked["changes"]] == [("revoked_at", None)]
    assert revoked["changes"][0]["after"] is not None
    told = {one["field"]: one["after"] for one in issued["changes"]}
    assert (told["name"], told["token_hash"]) == ("nightly", "***")
    assert token["token"] not in str([issued, revoked])


async def test_g6_5_the_first_admin_is_the_commands_doing(service: ServiceUnderTest):
    await ensure_admin(service.db, "first@example.org", "correct horse")
    await hear_own(service)
    (made,) = await read(service, object_kind="user")
    assert made["actor"]["id"].startswith("cli:")
    assert made["operation"] == "create-admin"


async def test_g6_5_every_filter_finds_its_own(service: ServiceUnderTest):
    lead: dict[str, Any] = {
        "object_kind": "lead",
        "object_id": "",
        "subjects": ["lead_01", "lead_02"],
        "action": "bulk-edit",
    }
    await service.deliver(entry(1))
    await service.deliver(entry(2, actor="usr_2"))
    await service.deliver(entry(3, identity.AuditRecordedV1, object_kind="user", object_id="usr_9"))
    await service.deliver(entry(4, **lead))
    assert await ids(service) == ["aud_0004", "aud_0003", "aud_0002", "aud_0001"]
    assert await ids(service, actor="usr_2") == ["aud_0002"]
    assert await ids(service, service="identity-svc") == ["aud_0003"]
    assert await ids(service, action="bulk-edit") == ["aud_0004"]
    assert await ids(service, object_kind="user") == ["aud_0003"]
    assert await ids(service, object_id="ptr_") == ["aud_0002", "aud_0001"]
    assert await ids(service, object_id="ptr_0001") == ["aud_0001"]
    assert await ids(service, about="lead_02") == ["aud_0004"]
    assert await ids(service, about="usr_9") == ["aud_0003"]
    assert await ids(service, request_id="request-2") == ["aud_0002"]
    since, until = (NOON + timedelta(minutes=2)).isoformat(), (NOON + timedelta(minutes=4)).isoformat()
    assert await ids(service, **{"from": since, "to": until}) == ["aud_0003", "aud_0002"]


async def test_g6_5_pages_follow_each_other(service: ServiceUnderTest):
    for number in range(5):
        await service.deliver(entry(number, at=NOON))
    seen: list[str] = []
    asked: dict[str, Any] = {"limit": 2}
    while True:
        page = (await service.http.get("/v1/audit", params=asked, headers=service.headers())).json()
        seen += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        asked["cursor"] = page["next_cursor"]
    assert seen == [f"aud_{number:04}" for number in reversed(range(5))]


async def test_g6_5_the_export_is_harmless_to_spreadsheets_and_is_an_entry_itself(service: ServiceUnderTest):
    changes = [FieldChange(field="name", before="=1+1", after="@SUM"), FieldChange(field="emails", after=["a", "b"])]
    await service.deliver(entry(1, changes=changes))
    await service.deliver(entry(2))
    answer = await service.http.get("/v1/audit/export?object_id=ptr_", headers=service.headers(user_id="usr_7"))
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["object_id"], row["field"]) for row in rows] == [
        ("ptr_0002", ""),
        ("ptr_0001", "name"),
        ("ptr_0001", "emails"),
    ]
    assert (rows[1]["before"], rows[1]["after"], rows[2]["after"]) == ("'=1+1", "'@SUM", '["a", "b"]')
    await hear_own(service)
    (taken,) = await read(service, action="export")
    assert (taken["actor"]["id"], taken["details"]) == ("usr_7", {"filter": {"object_id": "ptr_"}})


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/audit/export"])
async def test_g6_5_admins_only(service: ServiceUnderTest, path: str):
    for level in ("supervisor", "leads_agent", "call_centre", "sponsor", "partner", "integration"):
        answer = await service.http.get(path, headers=service.headers(level, sponsor_id="spo_1", partner_id="ptr_1"))
        assert answer.status_code == 403, level
    assert (await service.http.get(path)).status_code == 401


@pytest.mark.parametrize("asked", [{"from": "yesterday"}, {"q": "x"}, {"actor": ""}, {"cursor": "W10"}, {"limit": 0}])
async def test_what_cannot_be_asked_is_said(service: ServiceUnderTest, asked: dict[str, Any]):
    answer = await service.http.get("/v1/audit", params=asked, headers=service.headers())
    assert answer.status_code == 422


async def test_g6_5_a_service_cannot_tell_in_the_name_of_another(service: ServiceUnderTest):
    await service.deliver(entry(1, intake.AuditRecordedV1), message_id=new_uuid())
    assert [each["service"] for each in await read(service)] == ["intake-svc"]


async def test_g6_5_the_service_can_neither_change_nor_remove_entries(service: ServiceUnderTest):
    await service.deliver(entry(1))
    for statement in (
        "UPDATE audit_entries SET actor = 'usr_2'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.db.pool.execute(statement)
    assert await ids(service) == ["aud_0001"]
