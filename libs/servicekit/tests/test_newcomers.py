"""What another service made a moment ago is waited for, and nothing else is."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from contracts.ids import lowest_id, new_id
from servicekit import newcomers
from servicekit.testing import ServiceUnderTest
from toy_svc.app import user_event


def asked(service: ServiceUnderTest) -> list[list[str]]:
    return getattr(service.app.http.state, "asked", [])


async def greet(service: ServiceUnderTest, *user_ids: Any, **headers: str) -> httpx2.Response:
    answer = await service.http.post(
        "/v1/greetings", json={"user_ids": user_ids}, headers={**service.headers(), **headers}
    )
    assert answer.status_code in {201, 422}, answer.text
    return answer


async def hear_once_asked(service: ServiceUnderTest, user_id: str) -> None:
    """The event comes when the service has said once that there is no such user."""
    while len(asked(service)) < 2:  # noqa: ASYNC110 -- it tells nobody that it was asked
        await asyncio.sleep(0)
    await service.deliver(user_event(user_id))


@pytest.fixture
def soon_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newcomers, "YOUNG_SECONDS", 0.2)


async def test_who_was_made_a_moment_ago_is_found(service: ServiceUnderTest):
    user_id = new_id("usr")
    _, answer = await asyncio.gather(hear_once_asked(service, user_id), service.http.get(f"/v1/heard/{user_id}"))
    assert (answer.status_code, answer.json()) == (200, {"id": user_id})


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
async def test_a_field_that_names_who_was_made_a_moment_ago_is_good(service: ServiceUnderTest, headers: dict[str, str]):
    known, user_id = new_id("usr"), new_id("usr")
    await service.deliver(user_event(known))
    answers = await asyncio.gather(greet(service, known, user_id, **headers), hear_once_asked(service, user_id))
    assert answers[0].status_code == 201
    assert await service.db.pool.fetchval("SELECT count(*) FROM things") == 1
    if headers:
        again = await greet(service, known, user_id, **headers)
        assert (again.json(), again.headers["idempotent-replayed"]) == (answers[0].json(), "true")


async def test_who_never_comes_is_refused_in_the_end(service: ServiceUnderTest, soon_old: None):
    user_id = new_id("usr")
    answer = await service.http.get(f"/v1/heard/{user_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert 2 <= len(asked(service)) <= 6, "each pause is twice as long as the last"
    assert (await greet(service, new_id("usr"))).json()["code"] == "user-unknown"


@pytest.mark.parametrize(
    "make",
    [
        lambda: lowest_id("usr", datetime.now(UTC) - timedelta(seconds=10)),
        lambda: lowest_id("usr", datetime.now(UTC) + timedelta(hours=1)),
        lambda: new_id("thg"),
        lambda: new_id("usr").upper(),
        lambda: "usr_" + "u" * 26,
        lambda: "usr_1",
    ],
    ids=["old", "of the future", "another kind", "capitals", "no letters of ours", "short"],
)
async def test_everybody_else_is_refused_at_once(service: ServiceUnderTest, make: Callable[[], str]):
    user_id = make()
    assert (await service.http.get(f"/v1/heard/{user_id}")).status_code == 404
    assert (await greet(service, user_id)).status_code == 422
    assert len(asked(service)) == 2


async def test_a_young_id_in_another_field_is_no_reason_to_wait(service: ServiceUnderTest):
    answer = await greet(service, "usr_1", **{"X-Request-Id": new_id("usr")})
    assert answer.status_code == 422
    assert len(asked(service)) == 1
    twice = await service.http.post("/v1/greetings", json={"user_ids": [new_id("usr")], "more": 1})
    assert (twice.status_code, len(asked(service))) == (422, 1), "what is no request at all is not asked again"
