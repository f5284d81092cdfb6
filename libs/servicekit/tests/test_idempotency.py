"""`Idempotency-Key`: once, whatever happens."""

import asyncio
import hashlib
import json
from typing import Any

from servicekit.testing import ServiceUnderTest

THING = {"name": "a"}


async def post(
    service: ServiceUnderTest, body: Any = None, *, user: str = "usr_1", key: str = "k", path: str = "/v1/things"
):
    headers = service.headers(user_id=user) | {"Idempotency-Key": key}
    return await service.http.post(path, json=THING if body is None else body, headers=headers)


async def count(service: ServiceUnderTest) -> int:
    return await service.db.pool.fetchval("SELECT count(*) FROM things")


async def test_the_first_answer_is_given_again(service: ServiceUnderTest):
    first, again = await post(service), await post(service)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await count(service) == 1
    assert len(await service.published()) == 1


async def test_another_body_or_path_with_the_key_is_refused(service: ServiceUnderTest):
    await post(service)
    for answer in (await post(service, {"name": "b"}), await post(service, path="/v1/slow")):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert await count(service) == 1


async def test_keys_of_different_callers_never_meet(service: ServiceUnderTest):
    one, two = await post(service, user="usr_1"), await post(service, user="usr_2")
    assert (one.json()["caller"], two.json()["caller"]) == ("usr_1", "usr_2")
    anonymous = await service.http.post("/v1/things", json=THING, headers={"Idempotency-Key": "k"})
    assert anonymous.status_code == 401


async def test_while_it_runs_a_repeat_gets_a_409(service: ServiceUnderTest):
    async with service.db.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(1)")
        running = asyncio.create_task(post(service, path="/v1/slow"))
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not await connection.fetchval(query):  # noqa: ASYNC110 -- the lock is PostgreSQL's, which tells nobody
            await asyncio.sleep(0)
        repeat = await post(service, path="/v1/slow")
    assert (repeat.status_code, repeat.json()["code"]) == (409, "idempotency-in-progress")
    assert repeat.headers["retry-after"]
    assert (await running).status_code == 201


async def test_a_crash_leaves_neither_effect_nor_answer(service: ServiceUnderTest):
    crashed = await post(service, {"name": "a", "crash": True})
    assert crashed.status_code == 500
    assert (await count(service), await service.published()) == (0, [])
    assert await service.db.pool.fetchval("SELECT count(*) FROM idempotency_keys") == 0
    assert (await post(service)).status_code == 201


async def test_a_key_is_forgotten_after_a_day(service: ServiceUnderTest):
    await post(service)
    await service.db.pool.execute("UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 second'")
    assert (await post(service, {"name": "b"})).status_code == 201
    assert await count(service) == 2


async def test_keys_have_a_length(service: ServiceUnderTest):
    assert (await post(service, key="k" * 255)).status_code == 201
    assert (await post(service, key="k" * 256)).status_code == 422
    assert (await post(service, key="")).status_code == 422


async def test_parts_of_a_batch_fail_alone_with_and_without_a_key(service: ServiceUnderTest):
    for name, key in (("a", {}), ("b", {"Idempotency-Key": "k"})):
        batch = [{"name": name}, {"name": name + "2", "crash": True}, {"name": name}, {"name": name + "3"}]
        answer = await service.http.post("/v1/batch", json=batch, headers=service.headers() | key)
        assert answer.json() == ["ok", "failed", "failed", "ok"]
    names = [row["name"] for row in await service.db.pool.fetch("SELECT name FROM things ORDER BY name")]
    assert names == ["a", "a3", "b", "b3"]
    assert [event.subject for event in await service.published()] == names


async def test_a_password_cannot_be_tried_out_on_what_is_stored(service: ServiceUnderTest):
    await post(service)
    row = await service.db.pool.fetchrow("SELECT key, fingerprint FROM idempotency_keys")
    assert row["key"] != "k"
    body = json.dumps(THING, separators=(",", ":")).encode()
    assert row["fingerprint"] != hashlib.sha256(b"/v1/things\n\n" + body).digest()
    other = await post(service, key="k2")
    assert other.status_code == 201
    fingerprints = await service.db.pool.fetch("SELECT DISTINCT fingerprint FROM idempotency_keys")
    assert len(fingerprints) == 2


async def test_requests_with_keys_leave_connections_for_what_they_need_beside(service: ServiceUnderTest):
    """More of them at once than the pool has connections, each of which needs a second one."""
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(post(service, {}, key=f"k{n}", path="/v1/beside") for n in range(30)))
    assert {answer.status_code for answer in answers} == {200}


async def test_a_secret_that_is_shown_once_is_not_kept_for_repeats(service: ServiceUnderTest):
    first, again = [await post(service, {}, path="/v1/beside") for _ in range(2)]
    assert (first.json(), again.json()) == ({"secret": "1"}, {"secret": None})
    assert again.headers["idempotent-replayed"] == "true"
