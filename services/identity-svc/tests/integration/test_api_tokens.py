"""G6.2: tokens with which programs call."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from identity_svc.sessions.authenticate import REMEMBERED_SECONDS, Authenticate
from people import Caller, create, person
from servicekit.testing import TEST_SIGNER, ServiceUnderTest

PATH = "/v1/me/tokens"


def wanted(**changes: Any) -> dict[str, Any]:
    return {"name": "CRM", "expires_at": (datetime.now(UTC) + timedelta(days=30)).isoformat()} | changes


async def issued(owner: Caller, **changes: Any) -> tuple[dict[str, Any], Caller]:
    answer = await owner.ask("POST", PATH, json=wanted(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json(), Caller(owner.service, answer.json()["token"], owner.user)


async def test_g6_2_a_program_calls_with_a_token_of_its_integration(service: ServiceUnderTest):
    owner = await person(service, "integration")
    token, program = await issued(owner)
    assert token["token"].startswith("lwt_")
    assert (await program.ask("GET", "/v1/me")).json()["id"] == owner.user["id"]
    (listed,) = (await owner.ask("GET", PATH)).json()["data"]
    assert listed == {name: value for name, value in token.items() if name != "token"} | {
        "last_used_at": listed["last_used_at"]
    }
    assert listed["last_used_at"] is not None
    (row,) = await service.db.pool.fetch("SELECT * FROM api_tokens")
    assert token["token"] not in str(dict(row))


async def test_g6_2_an_admin_issues_and_revokes_for_an_integration(service: ServiceUnderTest):
    user = await create(service, "integration")
    path = f"/v1/users/{user['id']}/tokens"
    answer = await service.http.post(path, json=wanted(), headers=service.headers(user_id="usr_admin"))
    assert (answer.status_code, answer.json()["created_by"]) == (201, "usr_admin")
    program = Caller(service, answer.json()["token"], user)
    assert await program.works()
    listed = await service.http.get(path, headers=service.headers())
    assert [one["id"] for one in listed.json()["data"]] == [answer.json()["id"]]
    for _ in range(2):
        gone = await service.http.delete(f"{path}/{answer.json()['id']}", headers=service.headers())
        assert gone.status_code == 204
    assert not await program.works()


async def test_g6_2_a_revoked_token_stops_within_five_seconds(service: ServiceUnderTest):
    now = [0.0]
    service.app.http.state.authenticate = Authenticate(service.db, TEST_SIGNER, timedelta(hours=1), lambda: now[0])
    owner = await person(service, "integration")
    token, program = await issued(owner)
    assert (await program.ask("GET", "/v1/me")).status_code == 200
    assert (await owner.ask("DELETE", f"{PATH}/{token['id']}")).status_code == 204
    now[0] = REMEMBERED_SECONDS
    assert now[0] < 5
    assert (await program.ask("GET", "/v1/me")).status_code == 401


async def test_g6_2_a_token_ends_with_its_time_its_user_and_its_level(service: ServiceUnderTest):
    owner = await person(service, "integration")
    _, program = await issued(owner)
    path = f"/v1/users/{owner.user['id']}"
    for change, back in (({"active": False}, {"active": True}), ({"access_level": "admin"}, None)):
        await service.http.patch(path, json=change, headers=service.headers())
        assert not await program.works()
        if back is not None:
            await service.http.patch(path, json=back, headers=service.headers())
            assert await program.works()
    await service.http.patch(path, json={"access_level": "integration"}, headers=service.headers())
    await service.db.pool.execute("UPDATE api_tokens SET expires_at = now()")
    assert not await program.works()


async def test_g6_2_a_program_cannot_prolong_its_access_nor_act_as_a_person(service: ServiceUnderTest):
    owner = await person(service, "integration")
    token, program = await issued(owner)
    refused = [
        await program.ask("POST", PATH, json=wanted()),
        await program.ask("POST", "/v1/me/password", json={"old_password": "x", "new_password": "long enough"}),
        await program.ask("GET", "/v1/me/sessions"),
        await program.ask("DELETE", "/v1/me/sessions"),
        await program.ask("POST", "/v1/me/totp", json={"password": "x"}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(403, "session-needed")] * 5
    assert (await program.ask("DELETE", f"{PATH}/{token['id']}")).status_code == 204


async def test_g6_2_a_token_is_no_cookie(service: ServiceUnderTest):
    """A browser would send it along by itself."""
    owner = await person(service, "integration")
    token, _ = await issued(owner)
    cookie = {"Cookie": f"leadwire_session={token['token']}"}
    answer = await service.http.get("/internal/authenticate", headers=cookie)
    assert "x-leadwire-identity" not in answer.headers


@pytest.mark.parametrize("level", ["supervisor", "leads_agent", "call_centre", "sponsor", "partner", "admin"])
async def test_g6_2_only_integrations_have_tokens(service: ServiceUnderTest, level: str):
    scope = {"sponsor": {"sponsor_id": "spo_1"}, "partner": {"partner_id": "ptr_1"}}.get(level, {})
    here = await person(service, level, **scope)
    assert (await here.ask("POST", PATH, json=wanted())).status_code == 403
    for_him = await service.http.post(f"/v1/users/{here.user['id']}/tokens", json=wanted(), headers=service.headers())
    assert (for_him.status_code, for_him.json()["code"]) == (409, "not-an-integration")
    if level != "admin":
        by_him = await here.ask("POST", f"/v1/users/{here.user['id']}/tokens", json=wanted())
        assert by_him.status_code == 403


async def test_g6_2_a_foreign_token_is_as_unknown_as_none(service: ServiceUnderTest):
    owner, other = await person(service, "integration"), await person(service, "integration", email="b@example.test")
    token, program = await issued(owner)
    answers = [await other.ask("DELETE", f"{PATH}/{one}") for one in (token["id"], "tok_unknown")]
    assert answers[0].status_code == 404
    assert answers[0].json() | {"request_id": ""} == answers[1].json() | {"request_id": ""}
    assert await program.works()
    assert (await other.ask("GET", PATH)).json()["data"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2999-01-01T00:00:00Z"},
        {"expires_at": "2027-01-01T00:00:00"},
        {"expires_at": None},
        {"name": ""},
        {"name": "a\nb"},
        {"token": "lwt_mine"},
        {"id": "tok_mine"},
        {"user_id": "usr_2"},
        {"last_used_at": None},
    ],
)
async def test_g6_2_bad_input_makes_no_token(service: ServiceUnderTest, changes: dict[str, Any]):
    owner = await person(service, "integration")
    assert (await owner.ask("POST", PATH, json=wanted(**changes))).status_code == 422
    assert await service.db.pool.fetchval("SELECT count(*) FROM api_tokens") == 0


async def test_g6_2_a_repeat_with_an_idempotency_key_shows_no_secret_again(service: ServiceUnderTest):
    owner = await person(service, "integration")
    body = wanted()
    first, second = [await owner.ask("POST", PATH, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert second.headers["idempotent-replayed"] == "true"
    assert second.json() == first.json() | {"token": None}
    kept = await service.db.pool.fetchval("SELECT body FROM idempotency_keys")
    assert first.json()["token"].encode() not in kept


async def test_g6_2_there_is_a_limit_to_live_tokens(service: ServiceUnderTest):
    owner = await person(service, "integration")
    made = [await owner.ask("POST", PATH, json=wanted()) for _ in range(21)]
    assert [answer.status_code for answer in made] == [201] * 20 + [409]
    await owner.ask("DELETE", f"{PATH}/{made[0].json()['id']}")
    assert (await owner.ask("POST", PATH, json=wanted())).status_code == 201
