"""I2.14, security.md: guessing partner keys tells nothing and costs little. (How often one may try: the gateway.)"""

import asyncio
import hmac
from typing import Any

import pytest
from lead_intake_svc.keys.key_format import key_id_of, make_key
from lead_intake_svc.reference.cache import Reference
from lead_intake_svc.testing import World, lead


def guess_at(key: str) -> str:
    """The right id, and another secret with a checksum that is right."""
    return make_key(test=False, key_id=key_id_of(key)).text


async def push(world: World, key: str):
    return await world.http.post("/v1/leads", json=lead(), headers={"Authorization": f"Bearer {key}"})


async def test_i2_14_no_answer_tells_why_a_key_is_not_good(world: World):
    """An unknown id, a wrong secret, a revoked, an expired and a malformed key: the same, to the byte."""
    revoked, expired = [await world.issue(world.partner_id) for _ in range(2)]
    path = f"/v1/partners/{world.partner_id}/api-keys/{key_id_of(revoked)}"
    assert (await world.http.delete(path, headers=world.service.headers())).status_code == 204
    await world.rows("UPDATE partner_keys SET expires_at = now() - interval '1 s' WHERE id = $1", key_id_of(expired))
    await world.rows("UPDATE change_counters SET version = version + 1 WHERE name = 'keys'")
    await world.noticed()
    guesses = [make_key(test=False).text, guess_at(world.key), guess_at(revoked), revoked, expired, "lw_live_x", "lw_"]
    answers = [await push(world, guess) for guess in guesses]
    assert {answer.status_code for answer in answers} == {401}
    bodies = [answer.json() | {"request_id": ""} for answer in answers]
    assert bodies == [bodies[0]] * len(guesses)
    assert (await push(world, world.key)).status_code == 201


async def test_i2_14_the_secret_is_compared_in_constant_time(world: World, monkeypatch: pytest.MonkeyPatch):
    compared: list[tuple[object, object]] = []

    def compare(one: Any, two: Any) -> bool:
        compared.append((one, two))
        return compare_digest(one, two)

    compare_digest = hmac.compare_digest
    monkeypatch.setattr("lead_intake_svc.keys.authenticate.hmac.compare_digest", compare)
    guess = guess_at(world.key)
    assert (await push(world, guess)).status_code == 401
    (digests,) = [pair for pair in compared if isinstance(pair[0], bytes)]
    assert [isinstance(one, bytes) and len(one) for one in digests] == [32, 32]
    assert guess.encode() not in digests


async def test_i2_14_many_guesses_at_unknown_keys_cost_few_looks_into_the_database(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    looks = 0
    refresh = Reference._refresh  # pyright: ignore[reportPrivateUsage] -- what a look costs is inside

    async def counted(reference: Reference) -> None:
        nonlocal looks
        looks += 1
        await refresh(reference)

    monkeypatch.setattr(Reference, "_refresh", counted)
    answers = await asyncio.gather(*(push(world, make_key(test=False).text) for _ in range(60)))
    assert {answer.status_code for answer in answers} == {401}
    assert looks <= 20
