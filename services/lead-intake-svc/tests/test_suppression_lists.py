"""Suppression lists as files (I2.18), and what is kept of the erased (I2.27)."""

import asyncio
import contextlib
import resource
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.events.intake import (
    AlarmRaisedV1,
    SuppressionListChangedV1,
    SuppressionsAddedV1,
    SuppressionsContent,
    SuppressionsRemovedV1,
)
from contracts.events.sponsor import DuplicateRules, IntakeRules
from lead_intake_svc.suppression_lists.tell import alarm_stale, tell_portion
from lead_intake_svc.suppressions.forget import keep_hashed
from lead_intake_svc.suppressions.hashing import Hashing
from lead_intake_svc.testing import PEPPER, World, lead

PATH = "/v1/suppression-lists"
TODAY = datetime.now(UTC).date()


async def upload(world: World, text: str | bytes, status: int = 201, **fields: Any) -> dict[str, Any]:
    data = {"name": "Robinson", "as_of": TODAY.isoformat(), **fields}
    content = text.encode() if isinstance(text, str) else text
    files = {"file": ("list.csv", content, "text/csv")}
    response = await world.http.post(PATH, data=data, files=files, headers=world.service.headers())
    assert response.status_code == status, response.text
    await world.noticed()
    return dict(response.json())


async def status_of(world: World, **fields: Any) -> str:
    return str((await world.push(lead(**fields))).json()["status"])


async def told(world: World) -> list[SuppressionsContent]:
    """What is published when everything has been told."""
    more = True
    while more:
        async with world.service.db.unit_of_work() as work:
            more = await tell_portion(work)
    events = await world.service.published(SuppressionsAddedV1, SuppressionsRemovedV1)
    return [event for event in events if isinstance(event, SuppressionsContent)]


async def test_i2_18_a_file_suppresses_phones_addresses_and_domains(world: World):
    rows = (
        "\ufeffName;Phone;Email;Domain",
        "Maija;040 111 2223;;",
        ";;Gone@Example.com;",
        ";;;@Example.ORG",
        ";12;;",
        ";;;",
    )
    text = "\r\n".join(rows)
    answer = await upload(world, text, region="FI", national="true")
    counts = {name: answer[name] for name in ("entries", "added", "removed", "invalid", "invalid_rows", "stale")}
    assert counts == {"entries": 3, "added": 3, "removed": 0, "invalid": 1, "invalid_rows": [4], "stale": False}
    assert await status_of(world, phone="+358401112223") == "rejected"
    assert await status_of(world, email="gone@example.com") == "rejected"
    assert await status_of(world, email="x@example.org") == "rejected"
    assert await status_of(world) == "accepted"
    shown = await world.http.get(f"/v1/suppressions?list_id={answer['id']}", headers=world.service.headers())
    assert sorted(row["value"] for row in shown.json()["data"]) == ["+358401112223", "example.org", "gone@example.com"]


async def test_i2_18_an_upload_replaces_or_adds_and_single_entries_stay(world: World):
    single = {"kind": "phone", "value": "+358401112221"}
    await world.http.post("/v1/suppressions", json=single, headers=world.service.headers())
    first = await upload(world, "+358401112221\n+358401112222\n", kind="phone")
    again = await upload(world, "+358401112222\n+358401112223\n", 200, kind="phone")
    assert (again["id"], again["entries"], again["added"], again["removed"]) == (first["id"], 2, 1, 1)
    assert [await status_of(world, phone=f"+35840111222{n}") for n in (1, 2, 3)] == ["rejected"] * 3
    more = await upload(world, "+358401112224\n+358401112223\n", 200, kind="phone", mode="add", name="ROBINSON")
    assert (more["id"], more["entries"], more["added"], more["removed"]) == (first["id"], 3, 1, 0)
    other = await upload(world, "+358401112224\n", kind="phone", scope="project", scope_id="prj_a")
    assert other["id"] != first["id"]
    path = f"{PATH}/{first['id']}"
    assert (await world.http.delete(path, headers=world.service.headers())).status_code == 204
    assert (await world.http.delete(path, headers=world.service.headers())).status_code == 404
    expected = ["rejected", "accepted", "accepted", "rejected"]
    assert [await status_of(world, phone=f"+35840111222{n}") for n in (1, 2, 3, 4)] == expected
    events = await told(world)
    values = [(type(event).__name__, sorted(entry.value[-1] for entry in event.entries)) for event in events]
    assert sum(len(event.entries) for event in events if isinstance(event, SuppressionsAddedV1)) == 5
    assert sum(len(event.entries) for event in events if isinstance(event, SuppressionsRemovedV1)) == 4, values


async def test_i2_18_what_concerns_leads_inside_is_told_first_and_in_portions(world: World):
    await world.accepted(phone="+358405009999")
    numbers = [f"+35840500{n:04}" for n in range(1200)]
    answer = await upload(world, "phone\n" + "\n".join([*numbers, "+358405009999"]))
    assert answer["added"] == 1201
    events = await told(world)
    assert [len(event.entries) for event in events] == [500, 500, 201]
    assert "+358405009999" in {entry.value for entry in events[0].entries}
    assert {event.list_id for event in events} == {answer["id"]}
    assert await world.count("suppression_tells") == 0


async def test_i2_18_a_stale_national_list_warns_or_blocks_and_raises_one_alarm(world: World):
    for project, rule in (("prj_warn", "warn"), ("prj_block", "block")):
        await world.project(project, intake=IntakeRules(stale_suppressions=rule, always_deliver=True))
    await world.project("prj_off", checks={"suppression": "off"})
    old = (datetime.now(UTC) - timedelta(days=32)).isoformat()
    answer = await upload(world, "+358401112221\n", kind="phone", national="true", as_of=old)
    assert answer["stale"] is True
    for project, status, codes in (
        ("prj_warn", "accepted", ["suppression-list-stale"]),
        ("prj_block", "quarantined", ["suppression-list-stale"]),
        ("prj_off", "accepted", []),
    ):
        pushed = (await world.push(lead(project_id=project))).json()
        assert (pushed["status"], [problem["code"] for problem in pushed["problems"]]) == (status, codes)
    for _ in range(2):
        async with world.service.db.unit_of_work() as work:
            await alarm_stale(work)
    (alarm,) = await world.service.published(AlarmRaisedV1)
    assert isinstance(alarm, AlarmRaisedV1)
    assert (alarm.alarm, alarm.key) == ("suppression-list-stale", answer["id"])
    uploaded, told_again = await world.service.published(SuppressionListChangedV1)
    assert uploaded == told_again
    assert isinstance(uploaded, SuppressionListChangedV1)
    assert (uploaded.list_id, uploaded.scope) == (answer["id"], "global")
    assert uploaded.fresh_until is not None
    assert uploaded.fresh_until < datetime.now(UTC)
    await upload(world, "+358401112221\n", 200, kind="phone", national="true")
    assert await status_of(world, project_id="prj_block") == "accepted"


@pytest.mark.parametrize(
    ("text", "fields", "code"),
    [
        ("+358401112221\n", {}, "suppression-list-kind-missing"),
        ("phone\n12\n", {}, "suppression-list-empty"),
        ("", {"kind": "phone"}, "suppression-list-empty"),
        (b"\xff\xfe\x00", {"kind": "phone"}, "suppression-list-not-utf-8"),
        ('phone\n"' + "x" * 200_000, {}, "suppression-list-not-csv"),
        ("phone\n", {"as_of": "2999-01-01"}, "validation-failed"),
        ("phone\n", {"scope": "sponsor"}, "validation-failed"),
        ("phone\n", {"scope_id": "spo_1"}, "validation-failed"),
        ("phone\n", {"unknown": "1"}, "validation-failed"),
    ],
)
async def test_i2_18_a_file_that_is_no_list_changes_nothing(
    world: World, text: str | bytes, fields: dict[str, str], code: str
):
    await upload(world, "+358401112229\n", kind="phone")
    assert (await upload(world, text, 422, **fields))["code"] == code
    assert await world.count("suppressions") == 1


async def test_i2_18_lists_are_the_business_of_staff(world: World):
    for level in ("partner", "sponsor", "leads_agent", "call_centre"):
        headers = world.service.headers(level, partner_id="ptr_1", sponsor_id="spo_1")
        files = {"file": ("list.csv", b"phone\n+358401112221\n", "text/csv")}
        data = {"name": "Mine", "as_of": TODAY.isoformat()}
        assert (await world.http.post(PATH, data=data, files=files, headers=headers)).status_code == 403
        assert (await world.http.get(PATH, headers=headers)).status_code == 403
    answer = await upload(world, "phone\n+358401112221\n")
    shown = await world.http.get(f"{PATH}/{answer['id']}", headers=world.service.headers("supervisor"))
    assert shown.json()["entries"] == 1
    assert [row["id"] for row in (await world.http.get(PATH, headers=world.service.headers())).json()["data"]] == [
        answer["id"]
    ]


async def test_i2_18_a_large_list_takes_little_memory_and_leads_flow_meanwhile(world: World):
    await world.project("prj_free", duplicates=DuplicateRules(window_days=0))
    content = b"phone\n" + b"".join(b"+3585%08d\n" % n for n in range(20_000_000, 20_020_000))
    done = asyncio.Event()
    longest = 0.0

    async def push() -> None:
        nonlocal longest
        loop = asyncio.get_running_loop()
        while not done.is_set():
            began = loop.time()
            assert await status_of(world, project_id="prj_free") == "accepted"
            longest = max(longest, loop.time() - began)

    pushing = asyncio.create_task(push())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        answer = await upload(world, content)
    finally:
        done.set()
        with contextlib.suppress(asyncio.CancelledError):
            await pushing
    assert answer["added"] + answer["invalid"] == 20_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60 * 1024
    assert 0 < longest < 5


async def test_i2_27_the_hash_of_an_erased_person_still_refuses_them_and_no_upload_brings_them_back(world: World):
    hashing = Hashing(PEPPER.encode())
    phone, email = "+358401112221", "gone@example.com"
    await upload(world, f"phone,email\n{phone},{email}\n+358401112222,\n")
    single = {"kind": "phone", "value": phone, "scope": "project", "scope_id": "prj_other"}
    await world.http.post("/v1/suppressions", json=single, headers=world.service.headers())
    for _ in range(2):
        async with world.service.db.unit_of_work() as work:
            await keep_hashed(work, hashing, "phone", phone)
            await keep_hashed(work, hashing, "email", email)
    await upload(world, f"phone,email\n{phone},{email}\n+358401112223,\n", 200)
    values = [row["value"] for row in await world.rows("SELECT value FROM suppressions")]
    assert phone not in values
    assert email not in values
    assert await status_of(world, phone=phone) == "rejected"
    assert await status_of(world, email=email) == "rejected"
    assert await status_of(world, phone="+358401112222") == "accepted"
    assert await status_of(world, phone="+358401112223") == "rejected"
