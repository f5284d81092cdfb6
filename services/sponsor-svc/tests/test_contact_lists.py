"""Contact lists: S0.5, S0.7."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from contracts.events.sponsor import (
    ContactListChangedV1,
    ContactListCreatedV1,
    ContactListExpiredV1,
    ContactListReopenedV1,
)
from servicekit.testing import ServiceUnderTest
from sponsor_svc.contact_lists.expire_lists import expire_lists, keep_expiring
from sponsor_svc.contact_lists.expiry import expiry_of


@pytest.mark.parametrize(
    ("day", "zone", "moment"),
    [
        (date(2026, 1, 31), "UTC", datetime(2026, 2, 1, tzinfo=UTC)),
        (date(2026, 1, 31), "Europe/Helsinki", datetime(2026, 1, 31, 22, tzinfo=UTC)),
        (date(2026, 7, 1), "Europe/Helsinki", datetime(2026, 7, 1, 21, tzinfo=UTC)),
        (date(2026, 7, 1), "Asia/Kolkata", datetime(2026, 7, 1, 18, 30, tzinfo=UTC)),
        (date(2026, 7, 1), "America/Los_Angeles", datetime(2026, 7, 2, 7, tzinfo=UTC)),
        (date(2999, 12, 31), "Pacific/Kiritimati", datetime(2999, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_s0_7_a_list_expires_when_its_last_day_is_over_in_its_zone(day: date, zone: str, moment: datetime):
    assert expiry_of(day, zone) == moment
    assert expiry_of(None, zone) is None


async def test_s0_7_expiry_and_reopening_are_told_once_each(service: ServiceUnderTest, api: Any):
    over = await api.create("contact-lists", name="Old", expires_on="2026-01-31", time_zone="Europe/Helsinki")
    await api.create("contact-lists", name="Running", expires_on="2999-01-01")
    await api.create("contact-lists", name="Endless")
    assert over["expired"] is False
    await _look(service, 3)
    place = f"contact-lists/{over['id']}"
    assert (await api.get(place))["expired"] is True
    still = await api.patch(place, expires_on="2026-02-28")
    assert still["expired"] is True
    again = await api.patch(place, expires_on="2999-02-28")
    assert (again["expired"], again["version"]) == (False, 4)
    await _look(service, 3)
    told = [event for event in await service.published() if event.subject == over["id"]]
    assert [type(event) for event in told] == [
        ContactListCreatedV1, ContactListExpiredV1, ContactListChangedV1, ContactListReopenedV1,
    ]  # fmt: skip
    assert told[1] == ContactListExpiredV1(
        contact_list_id=over["id"],
        name="Old",
        expires_on=date(2026, 1, 31),
        time_zone="Europe/Helsinki",
        expired=True,
    )
    assert told[3] == ContactListReopenedV1(
        contact_list_id=over["id"], name="Old", expires_on=date(2999, 2, 28), time_zone="Europe/Helsinki"
    )


async def test_s0_7_without_a_date_an_expired_list_is_open_again(service: ServiceUnderTest, api: Any):
    over = await api.create("contact-lists", name="Old", expires_on="2026-01-31")
    await _look(service, 1)
    assert (await api.patch(f"contact-lists/{over['id']}", expires_on=None))["expired"] is False
    assert len(await service.published(ContactListReopenedV1)) == 1


async def test_s0_7_the_zone_decides_too(service: ServiceUnderTest, api: Any):
    """A list that is over east of the date line is not over west of it."""
    today = (await service.db.pool.fetchval("SELECT (now() AT TIME ZONE 'Pacific/Kiritimati')::date - 1")).isoformat()
    east = await api.create("contact-lists", name="East", expires_on=today, time_zone="Pacific/Kiritimati")
    west = await api.create("contact-lists", name="West", expires_on=today, time_zone="Pacific/Pago_Pago")
    await _look(service, 1)
    assert (await api.get(f"contact-lists/{east['id']}"))["expired"] is True
    assert (await api.get(f"contact-lists/{west['id']}"))["expired"] is False
    moved = await api.patch(f"contact-lists/{east['id']}", time_zone="Pacific/Pago_Pago")
    assert moved["expired"] is False


async def test_s0_7_several_workers_expire_each_list_once(service: ServiceUnderTest, api: Any):
    for number in range(40):
        await api.create("contact-lists", name=f"List {number}", expires_on="2026-01-31")
    workers = [asyncio.create_task(keep_expiring(service.db)) for _ in range(4)]
    left = "SELECT count(*) FROM contact_lists WHERE NOT expired"
    await api.until_row(left, 0)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    subjects = [event.subject for event in await service.published(ContactListExpiredV1)]
    assert len(subjects) == len(set(subjects)) == 40


async def test_s0_5_lists_are_checked_and_filtered(service: ServiceUnderTest, api: Any):
    project = (await api.create("projects", name="P", kind="outbound"))["id"]
    sponsor = (await api.create("sponsors", name="Aurora"))["id"]
    mine = await api.create("contact-lists", "supervisor", name="A", sponsor_id=sponsor, project_id=project)
    await api.create("contact-lists", name="B")
    for query in (f"sponsor_id={sponsor}", f"project_id={project}"):
        assert [row["id"] for row in (await api.get(f"contact-lists?{query}"))["data"]] == [mine["id"]]
    assert (await api.get("contact-lists?expired=true"))["data"] == []
    assert await api.problem("POST", "contact-lists", name="C", project_id="prj_no") == "422 project-unknown"
    for bad in ({"time_zone": "Mars/Base"}, {"expires_on": "31.1.2026"}, {"expires_on": "9999-12-31"}, {"expired": 1}):
        assert await api.problem("POST", "contact-lists", name="C", **bad) == "422 validation-failed"
        assert await api.problem("PATCH", f"contact-lists/{mine['id']}", **bad) == "422 validation-failed"
    await api.patch(f"contact-lists/{mine['id']}", name="A2")
    assert [event.name for event in await service.published(ContactListChangedV1)] == ["A2"]  # pyright: ignore[reportAttributeAccessIssue] -- of this class


async def _look(service: ServiceUnderTest, times: int) -> None:
    for _ in range(times):
        async with service.db.unit_of_work() as work:
            await expire_lists(work)
