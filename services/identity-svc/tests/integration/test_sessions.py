"""G6.2 Sessions, guessing, and the signed identity."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from identity_svc.sessions import store
from identity_svc.sessions.authenticate import Authenticate
from identity_svc.users.create_user import ensure_admin
from people import stay_blocked
from servicekit.settings import read_key_set
from servicekit.testing import TEST_KEY_SET, TEST_SIGNER, ServiceUnderTest

EMAIL, PASSWORD = "admin@example.test", "correct horse"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
async def _admin(service: ServiceUnderTest):
    await ensure_admin(service.db, EMAIL, PASSWORD)


async def sign_in(service: ServiceUnderTest, password: str = PASSWORD, email: str = EMAIL, **headers: str):
    return await service.http.post("/v1/sessions", json={"email": email, "password": password}, headers=headers)


async def ask(service: ServiceUnderTest, **headers: str):
    service.http.cookies.clear()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await service.http.get("/internal/authenticate", headers=named)


async def test_g6_2_a_session_is_a_hidden_cookie_and_a_token(service: ServiceUnderTest):
    answer = await sign_in(service, email="Admin@Example.Test")
    body = answer.json()
    assert answer.status_code == 201
    assert set(body) == {"token", "expires_at", "user"}
    assert body["user"]["email"] == EMAIL
    session, csrf = answer.headers.get_list("set-cookie")
    assert "leadwire_session=ses_" in session
    assert all(flag in session for flag in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert "HttpOnly" not in csrf
    stored = await service.db.pool.fetch("SELECT token_hash FROM sessions")
    assert body["token"].encode() not in stored[0]["token_hash"]


async def test_the_cookie_is_secure_behind_https(service: ServiceUnderTest):
    body = {"email": EMAIL, "password": PASSWORD}
    plain = await service.http.post("/v1/sessions", json=body)
    secure = await service.http.post("/v1/sessions", json=body, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" not in plain.headers["set-cookie"]
    cookies = secure.headers.get_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["__Host-leadwire_session", "__Host-leadwire_csrf"]
    assert all("; Path=/;" in cookie and "; Secure" in cookie and "Domain" not in cookie for cookie in cookies)


async def test_g6_2_by_tls_only_a_cookie_that_nobody_else_can_set_is_believed(service: ServiceUnderTest):
    """ASVS 3.3.3: one without the prefix may come from a host beside this one, or from whoever sits on the line."""
    body = {"email": EMAIL, "password": PASSWORD}
    secure = await service.http.post("/v1/sessions", json=body, headers={"X-Forwarded-Proto": "https"})
    token = secure.json()["token"]
    for name, proto, known in (
        ("__Host-leadwire_session", "https", True),
        ("leadwire_session", "https", False),
        ("__Host-leadwire_session", "http", False),
    ):
        answer = await ask(service, Cookie=f"{name}={token}", X_Forwarded_Proto=proto, X_Original_Method="GET")
        assert answer.status_code == 204
        assert ("x-leadwire-identity" in answer.headers) is known
    planted = {"Cookie": "leadwire_session=ses_planted", "X-Forwarded-Proto": "https"}
    assert (await service.http.post("/v1/sessions", json=body, headers=planted)).status_code == 201
    cookies = {"__Host-leadwire_session": token, "__Host-leadwire_csrf": secure.cookies["__Host-leadwire_csrf"]}
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "X-CSRF-Token": cookies["__Host-leadwire_csrf"],
        "X-Forwarded-Proto": "https",
    }
    service.http.cookies.clear()
    ended = await service.http.delete("/v1/sessions/current", headers=headers)
    assert ended.status_code == 204
    assert all(gone.startswith("__Host-") and "Max-Age=0" in gone for gone in ended.headers.get_list("set-cookie"))


async def test_g6_2_behind_a_public_https_address_cookies_are_secure_whoever_ends_tls(service: ServiceUnderTest):
    service.app.http.state.only_https = True
    answer = await sign_in(service, **{"X-Forwarded-Proto": "http"})
    assert all(cookie.startswith("__Host-") for cookie in answer.headers.get_list("set-cookie"))


async def test_g6_2_a_session_that_nobody_makes_use_of_is_over(service: ServiceUnderTest):
    """ASVS 7.3.1. A use is noted once a minute, and each prolongs it; its lifetime ends it all the same."""
    now = [0.0]
    service.app.http.state.authenticate = Authenticate(service.db, TEST_SIGNER, HOUR, lambda: now[0])
    token = (await sign_in(service)).json()["token"]

    async def after(idle: str, column: str = "last_used_at") -> int:
        now[0] += 10
        await service.db.pool.execute(f"UPDATE sessions SET {column} = now() - interval '{idle}'")
        return (await ask(service, Authorization=f"Bearer {token}")).status_code

    assert await after("30 seconds") == 204
    assert await service.db.pool.fetchval("SELECT now() - last_used_at > interval '30 seconds' FROM sessions")
    assert await after("59 minutes 50 seconds") == 204
    assert await service.db.pool.fetchval("SELECT now() - last_used_at < interval '1 minute' FROM sessions")
    assert await after("0 seconds", "expires_at") == 401
    await service.db.pool.execute("UPDATE sessions SET expires_at = now() + interval '1 hour'")
    assert await after("60 minutes") == 401
    async with service.db.unit_of_work() as work:
        await store.delete_expired(work, timedelta(minutes=15), HOUR)
    assert await service.db.pool.fetchval("SELECT count(*) FROM sessions") == 0


async def test_the_signed_identity_is_the_users(service: ServiceUnderTest):
    body = (await sign_in(service)).json()
    answer = await ask(service, Authorization=f"Bearer {body['token']}")
    signed = answer.headers["x-leadwire-identity"]
    assert answer.status_code == 204
    me = await service.http.get("/v1/me", headers={"X-Leadwire-Identity": signed})
    assert me.json() == body["user"]


async def test_without_credentials_and_with_partner_keys_there_is_no_identity(service: ServiceUnderTest):
    for headers in ({}, {"Authorization": "Bearer lw_live_abc"}, {"Authorization": "Basic YTpi"}):
        answer = await ask(service, **headers)
        assert answer.status_code == 204
        assert "x-leadwire-identity" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer ses_guess"}, {"Authorization": "bearer "}, {"Cookie": "leadwire_session=ses_guess"}],
)
async def test_bad_credentials_are_refused(service: ServiceUnderTest, headers: dict[str, str]):
    answer = await ask(service, **headers)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


async def test_a_cookies_write_needs_the_csrf_token_of_its_session(service: ServiceUnderTest):
    mine = (await sign_in(service)).cookies
    service.http.cookies.clear()
    other = (await sign_in(service)).cookies
    cookie = f"leadwire_session={mine['leadwire_session']}"
    for csrf in ({}, {"X_CSRF_Token": "x"}, {"X_CSRF_Token": other["leadwire_csrf"]}):
        for method in ({"X_Original_Method": "POST"}, {}):
            answer = await ask(service, Cookie=cookie, **method, **csrf)
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf-token-invalid")
    headers = [("Cookie", cookie), ("X-Original-Method", "GET"), ("X-Original-Method", "POST")]
    assert (await service.http.get("/internal/authenticate", headers=headers)).status_code == 403
    good = await ask(service, Cookie=cookie, X_Original_Method="PATCH", X_CSRF_Token=mine["leadwire_csrf"])
    read = await ask(service, Cookie=cookie, X_Original_Method="GET")
    assert (good.status_code, read.status_code) == (204, 204)


async def test_a_stale_cookie_does_not_keep_anybody_from_signing_in(service: ServiceUnderTest):
    cookie = "leadwire_session=ses_gone"
    answer = await ask(service, Cookie=cookie, X_Original_Method="POST", X_Original_URI="/v1/sessions")
    assert answer.status_code == 204
    assert "x-leadwire-identity" not in answer.headers


async def test_sessions_are_rotated_at_login_and_end_at_logout(service: ServiceUnderTest):
    first = (await sign_in(service)).json()["token"]
    second = (await sign_in(service)).json()["token"]  # the client sends the first one's cookie along
    service.http.cookies.clear()
    assert first != second
    assert (await ask(service, Authorization=f"Bearer {first}")).status_code == 401
    ended = await service.http.delete("/v1/sessions/current", headers={"Authorization": f"Bearer {second}"})
    assert (ended.status_code, ended.headers["clear-site-data"]) == (204, '"cache", "storage"')
    assert (await ask(service, Authorization=f"Bearer {second}")).status_code == 401
    assert (await service.http.delete("/v1/sessions/current")).status_code == 401


async def test_logout_by_cookie_needs_the_csrf_token(service: ServiceUnderTest):
    cookies = (await sign_in(service)).cookies
    assert (await service.http.delete("/v1/sessions/current")).status_code == 403
    headers = {"X-CSRF-Token": cookies["leadwire_csrf"]}
    assert (await service.http.delete("/v1/sessions/current", headers=headers)).status_code == 204


@pytest.mark.parametrize("change", [{"active": False}, {"password": "another password"}])
async def test_a_deactivated_user_loses_access_within_five_seconds(service: ServiceUnderTest, change: dict[str, Any]):
    now = [0.0]
    service.app.http.state.authenticate = Authenticate(service.db, TEST_SIGNER, HOUR, lambda: now[0])
    await ensure_admin(service.db, "second@example.test", PASSWORD)
    body = (await sign_in(service, email="second@example.test")).json()
    bearer = {"Authorization": f"Bearer {body['token']}"}
    assert (await ask(service, **bearer)).status_code == 204
    answer = await service.http.patch(f"/v1/users/{body['user']['id']}", json=change, headers=service.headers())
    assert answer.status_code == 200
    now[0] = 2.0
    assert (await ask(service, **bearer)).status_code == 401


async def test_who_signs_in_and_who_does_not_is_logged_without_their_addresses(
    service: ServiceUnderTest, caplog: pytest.LogCaptureFixture
):
    """ASVS 16.3.1."""
    caplog.set_level("INFO")
    user_id = (await sign_in(service)).json()["user"]["id"]
    await sign_in(service, email="nobody@example.test")
    for number in range(6):
        await sign_in(service, password=f"guess {number}")
    told = [record.getMessage() for record in caplog.records if record.name.startswith("identity_svc.sessions")]
    assert told[:3] == [
        f"{user_id} signed in by password",
        "a wrong password for nobody we know",
        f"a wrong password for {user_id}",
    ]
    assert told[-1].startswith("tries for one account are blocked")
    assert "example" not in str(told)
    assert "guess" not in str(told)


async def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(service: ServiceUnderTest):
    wrong = await sign_in(service, password="wrong password")
    unknown = await sign_in(service, email="nobody@example.test")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}


async def test_guessing_an_account_is_stopped_even_when_done_all_at_once(service: ServiceUnderTest):
    """The first block is a second long, which a slow machine misses: here the next one is of minutes."""
    assert (await sign_in(service, password="a guess")).status_code == 401
    await service.db.pool.execute("UPDATE guesses SET failures = 14")
    answers = await asyncio.gather(*(sign_in(service, password=f"guess {number}") for number in range(12)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(401), statuses.count(429)) == (1, 11)
    right = await sign_in(service)
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) >= 1
    other = await service.http.post(
        "/v1/sessions", json={"email": "nobody@example.test", "password": "x"}, headers={"Idempotency-Key": "k"}
    )
    assert other.status_code == 401


async def test_an_idempotency_key_does_not_undo_the_count(service: ServiceUnderTest):
    statuses = [
        (await sign_in(service, password="wrong one", **{"Idempotency-Key": "k"})).status_code for _ in range(5)
    ]
    assert statuses == [401] * 5
    assert await stay_blocked(service) == 1


async def test_a_right_password_clears_the_count(service: ServiceUnderTest):
    for _ in range(3):
        statuses = [(await sign_in(service, password="wrong one")).status_code for _ in range(4)]
        assert statuses == [401] * 4
        assert (await sign_in(service)).status_code == 201


async def test_the_public_keys_are_served(service: ServiceUnderTest):
    served = await service.http.get("/.well-known/jwks.json")
    assert read_key_set(served.text).keys() == read_key_set(TEST_KEY_SET).keys()
    assert '"d"' not in served.text
