"""O7.3 Dead letters over HTTP: seen without anybody's data, brought back or discarded, and told to the audit log."""

import json
from typing import Any
from uuid import UUID

import pytest
from contracts.events.identity import AlarmRaisedV1, AuditRecordedV1
from contracts.ids import new_uuid
from messaging.dead_letters.store import DeadLetter, insert
from servicekit.audit.ship import ship_entries
from servicekit.dead_letters.masking import masked, masked_id, masked_type
from servicekit.dead_letters.watch import look
from servicekit.testing import ServiceUnderTest

PLACE = "/v1/dead-letters/toy-svc"
CANARY = "Maija Meikalainen"
MESSAGE = {
    "specversion": "1.0",
    "source": "/leadwire/lead-intake-svc",
    "type": "intake.lead.accepted.v1",
    "subject": "lead_01abcdefgh",
    "time": "2026-03-02T09:15:00Z",
    "sequence": 12345,
    "data": {"lead": {"lead_id": "lead_01abcdefgh", "test": False}, "person": {"name": CANARY, "phone": 358401234567}},
}


async def fill(service: ServiceUnderTest, *failures: str) -> list[DeadLetter]:
    letters = [
        DeadLetter(
            message_id=new_uuid(),
            queue="toy-svc.users",
            type="identity.user.created.v1",
            subject=CANARY,
            body=json.dumps(MESSAGE).encode(),
            failure=failure,
            detail="a code",
            attempts=3,
        )
        for failure in failures
    ]
    for letter in letters:  # each in its own transaction, so that their order is known
        async with service.db.unit_of_work() as work:
            await insert(work, [letter])
    return letters


async def ask(service: ServiceUnderTest, path: str = "", **asked: Any) -> Any:
    answer = await service.http.get(PLACE + path, params=asked, headers=service.headers())
    assert answer.status_code == 200, answer.text
    assert CANARY not in answer.text
    return answer.json()


async def decide(service: ServiceUnderTest, verb: str, **body: Any) -> Any:
    return await service.http.post(f"{PLACE}/{verb}", json=body, headers=service.headers(user_id="usr_7"))


async def entries(service: ServiceUnderTest) -> list[tuple[str, dict[str, Any]]]:
    await ship_entries(service.db)
    told = await service.published(AuditRecordedV1)
    return [
        (each.action, each.details) for each in told if isinstance(each, AuditRecordedV1) and "count" in each.details
    ]


async def test_o7_3_they_are_counted_by_cause_and_listed_by_pages(service: ServiceUnderTest) -> None:
    letters = await fill(service, "undecodable", "undecodable", "rule")
    groups = (await ask(service, "/groups"))["data"]
    assert {(group["failure"], group["count"]) for group in groups} == {("undecodable", 2), ("rule", 1)}
    first = await ask(service, limit=2)
    second = await ask(service, limit=2, cursor=first["next_cursor"])
    assert [UUID(row["id"]) for row in first["data"] + second["data"]] == [letter.id for letter in reversed(letters)]
    assert [row["failure"] for row in (await ask(service, failure="rule"))["data"]] == ["rule"]
    assert (await ask(service, state="discarded"))["data"] == []


async def test_o7_3_of_a_message_ids_and_names_of_fields_are_shown(service: ServiceUnderTest) -> None:
    (letter,) = await fill(service, "rule")
    shown = await ask(service, f"/{letter.id}")
    assert shown["subject"] == "(text)"
    assert shown["message"]["subject"] == "lead_01abcdefgh"
    assert shown["message"]["sequence"] == 12345
    assert shown["message"]["data"] == {
        "lead": {"lead_id": "lead_01abcdefgh", "test": False},
        "person": {"name": "(text)", "phone": "(number)"},
    }
    unknown = await service.http.get(f"{PLACE}/{new_uuid()}", headers=service.headers())
    assert unknown.status_code == 404


async def test_o7_3_a_dry_run_only_counts(service: ServiceUnderTest) -> None:
    await fill(service, "rule", "rule")
    for verb, more in (("replay", {}), ("discard", {"reason": "a trial"})):
        answer = await decide(service, verb, failure="rule", dry_run=True, **more)
        assert answer.json() == {"count": 2, "dry_run": True}
    assert len((await ask(service))["data"]) == 2
    assert await entries(service) == []


async def test_o7_3_replay_keeps_the_rate_and_the_ids(service: ServiceUnderTest) -> None:
    letters = await fill(service, "rule", "rule", "rule")
    answer = await decide(service, "replay", type="identity.user.created.v1", rate_per_second=2)
    assert answer.json() == {"count": 3, "dry_run": False}
    rows = await service.db.pool.fetch("SELECT message_id, due_at FROM delayed_messages ORDER BY due_at")
    assert [row["message_id"] for row in rows] == [letter.message_id for letter in letters]
    assert (rows[2]["due_at"] - rows[0]["due_at"]).total_seconds() == 1.0
    assert {row["decided_by"] for row in (await ask(service, state="replayed"))["data"]} == {"usr_7"}
    assert await entries(service) == [("replay", {"count": 3, "type": "identity.user.created.v1"})]


async def test_o7_3_discard_wants_a_reason_which_the_audit_log_keeps(service: ServiceUnderTest) -> None:
    letters = await fill(service, "rule", "rule")
    chosen = [str(letters[0].id)]
    assert (await decide(service, "discard", ids=chosen)).status_code == 422
    answer = await decide(service, "discard", ids=chosen, reason="sent by a test installation")
    assert answer.json()["count"] == 1
    assert await entries(service) == [("discard", {"count": 1, "reason": "sent by a test installation"})]
    told = (await service.published(AuditRecordedV1))[-1]
    assert isinstance(told, AuditRecordedV1)
    assert (told.actor, told.subjects, told.object_kind) == ("usr_7", chosen, "dead_letter")


NOTHING_SAID = [{}, {"ids": []}, {"ids": ["x"]}, {"more": 1}]


@pytest.mark.parametrize("body", NOTHING_SAID + [{"all": True, "rate_per_second": n} for n in (0, 2.2e-313, 1001)])
async def test_what_is_not_said_is_not_done(service: ServiceUnderTest, body: dict[str, Any]) -> None:
    await fill(service, "rule")
    assert (await decide(service, "replay", **body)).status_code == 422
    assert len((await ask(service))["data"]) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/groups"),
        ("GET", "/019cad1f-5a20-7000-8000-000000000001"),
        ("POST", "/replay"),
        ("POST", "/discard"),
    ],
)
async def test_o7_3_admins_only(service: ServiceUnderTest, method: str, path: str) -> None:
    body = {"all": True, "reason": "because"} if path == "/discard" else {"all": True}
    send: dict[str, Any] = {"json": body} if method == "POST" else {}
    for level in ("supervisor", "leads_agent", "call_centre", "sponsor", "partner", "integration"):
        answer = await service.http.request(method, PLACE + path, headers=service.headers(level), **send)
        assert answer.status_code == 403
    assert (await service.http.request(method, PLACE + path, **send)).status_code == 401


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"", b"[" * 100_000])
def test_what_is_no_message_shows_nothing(body: bytes) -> None:
    assert masked(body) is None


def test_masking_lets_nothing_through_that_is_somebodys() -> None:
    odd = {CANARY: CANARY, "n": 358401234567, "list": [CANARY, 7, None, 1.5], "source": "a@example.org"}
    assert masked(json.dumps(odd).encode()) == {
        "(field)": "(text)",
        "n": "(number)",
        "list": ["(text)", 7, None, "(number)"],
        "source": "(text)",
    }
    assert masked(json.dumps(CANARY).encode()) == "(text)"
    assert (masked_type(CANARY), masked_type("")) == ("(text)", "")
    assert (masked_id("maija@example.org"), masked_id("lead_01abcdefgh")) == ("(text)", "lead_01abcdefgh")


async def test_n5_9_while_letters_wait_an_alarm_says_so(service: ServiceUnderTest) -> None:
    assert not await look("toy-svc", service.db, AlarmRaisedV1)
    await fill(service, "late", "odd")
    assert await look("toy-svc", service.db, AlarmRaisedV1)
    [alarm] = await service.published(AlarmRaisedV1)
    assert isinstance(alarm, AlarmRaisedV1)
    assert (alarm.alarm, alarm.key) == ("dead-letters", "toy-svc")
    assert alarm.detail.startswith("2 message(s) of toy-svc ")
    assert (await decide(service, "discard", all=True, reason="a test")).status_code == 200
    assert not await look("toy-svc", service.db, AlarmRaisedV1)
