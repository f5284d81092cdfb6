"""S0.4: when a sponsor is required, decided in the insert's own transaction."""

import asyncio
from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest

WITHOUT: list[tuple[str, dict[str, Any]]] = [
    ("projects", {"name": "A project", "kind": "outbound"}),
    ("projects", {"name": "A project", "kind": "inbound"}),
    ("products", {"name": "A product"}),
]


@pytest.mark.parametrize(("path", "body"), WITHOUT)
async def test_s0_4_required_from_the_first_active_sponsor_on(api: Any, path: str, body: dict[str, Any]):
    before = await api.create(path, **body)
    assert before["sponsor_id"] is None
    sponsor = await api.create("sponsors", name="Aurora")
    assert await api.problem("POST", path, **body) == "422 sponsor-required"
    assert await api.problem("POST", path, **body, sponsor_id=None) == "422 sponsor-required"
    after = await api.create(path, **body, sponsor_id=sponsor["id"])
    assert after["sponsor_id"] == sponsor["id"]
    assert len((await api.get(path))["data"]) == 2
    await api.patch(f"sponsors/{sponsor['id']}", status="archived")
    assert (await api.create(path, **body))["sponsor_id"] is None, "no active sponsor is left"
    await api.patch(f"sponsors/{sponsor['id']}", status="active")
    assert await api.problem("POST", path, **body) == "422 sponsor-required"


@pytest.mark.parametrize(("path", "body"), WITHOUT)
async def test_s0_4_an_edit_may_add_or_change_but_never_remove_a_sponsor(api: Any, path: str, body: dict[str, Any]):
    record = await api.create(path, **body)
    aurora = (await api.create("sponsors", name="Aurora"))["id"]
    cascade = (await api.create("sponsors", name="Cascade"))["id"]
    place = f"{path}/{record['id']}"
    still_without = await api.patch(place, name="Made before, stays valid")
    assert still_without["sponsor_id"] is None
    assert (await api.patch(place, sponsor_id=aurora))["sponsor_id"] == aurora
    assert (await api.patch(place, sponsor_id=cascade))["sponsor_id"] == cascade
    assert await api.problem("PATCH", place, sponsor_id=None) == "422 sponsor-not-removable"
    assert (await api.get(place))["sponsor_id"] == cascade


@pytest.mark.parametrize("path", ["projects", "products", "contact-lists"])
async def test_s0_4_a_sponsor_must_exist_and_be_active(api: Any, path: str):
    body = {"name": "A record"} | ({"kind": "outbound"} if path == "projects" else {})
    record = await api.create(path, **body)
    archived = (await api.create("sponsors", name="Old"))["id"]
    await api.patch(f"sponsors/{archived}", status="archived")
    for method, place in (("POST", path), ("PATCH", f"{path}/{record['id']}")):
        more = body if method == "POST" else {}
        assert await api.problem(method, place, **more, sponsor_id="spo_none") == "422 sponsor-unknown"
        assert await api.problem(method, place, **more, sponsor_id=archived) == "422 sponsor-archived"


async def test_s0_5_a_contact_list_never_needs_a_sponsor(api: Any):
    sponsor = (await api.create("sponsors", name="Aurora"))["id"]
    contact_list = await api.create("contact-lists", name="Autumn")
    place = f"contact-lists/{contact_list['id']}"
    assert (await api.patch(place, sponsor_id=sponsor))["sponsor_id"] == sponsor
    assert (await api.patch(place, sponsor_id=None))["sponsor_id"] is None


async def test_s0_4_nothing_slips_through_beside_the_first_sponsor(service: ServiceUnderTest):
    """The first sponsor and projects without one, at the same time, on connections of their own, 30 times.

    Whatever was made without a sponsor must have been committed before the sponsor was: its version at the database
    is the position of its event in the outbox, whose order is the order of the inserts under the lock.
    """
    refused = accepted = 0
    for round_number in range(30):
        await service.db.pool.execute("DELETE FROM outbox")
        racing = [_create(service, path, body) for path, body in WITHOUT * 2]
        racing.insert(round_number % 7, _create(service, "sponsors", {"name": f"Sponsor {round_number}"}))
        statuses = await asyncio.gather(*racing)
        rows = await service.db.pool.fetch("SELECT type FROM outbox ORDER BY position")
        types = [row["type"] for row in rows]
        since = types.index("sponsor.sponsor.created.v1")
        assert types[since + 1 :] == [], "made without a sponsor after the first one"
        accepted += since
        refused += statuses.count(422)
        assert len(types) == statuses.count(201)
        await service.db.pool.execute("UPDATE sponsors SET status = 'archived'")
    assert accepted > 0
    assert refused > 0


async def _create(service: ServiceUnderTest, path: str, body: dict[str, Any]) -> int:
    return (await service.http.post(f"/v1/{path}", json=body, headers=service.headers())).status_code


async def test_s0_4_the_first_sponsor_waits_for_whoever_saw_none(service: ServiceUnderTest, api: Any):
    """The race, step by step: a project's transaction has looked, has not committed, and the sponsor arrives."""
    connection = await service.db.pool.acquire()
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended('sponsor-required', 0))")
    assert not await connection.fetchval("SELECT EXISTS (SELECT FROM sponsors WHERE status = 'active')")
    sponsor = asyncio.create_task(api.create("sponsors", name="Aurora"))
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    await api.until_row(waiting, 1)
    assert not sponsor.done()
    await transaction.commit()
    await service.db.pool.release(connection)
    await sponsor
    assert await api.problem("POST", "products", name="Late") == "422 sponsor-required"
