"""G6.2: session fixation, forged requests, and guessing."""

import json
from datetime import timedelta

import pytest
from identity_svc.sessions.guard import ACCOUNT, ADDRESS, WINDOW
from identity_svc.sessions.tokens import csrf_token, hash_token
from identity_svc.users.create_user import ensure_admin
from people import PASSWORD, person, sign_in, stay_blocked
from servicekit.testing import ServiceUnderTest

EMAIL = "admin@example.test"


@pytest.mark.parametrize(
    "planted",
    ["ses_" + "A" * 43, "ses_planted", "x", "lwt_" + "A" * 43, "lw_live_a", "ses_" + "A" * 43 + "; leadwire_session=b"],
)
async def test_a_cookie_that_was_planted_is_never_adopted(service: ServiceUnderTest, planted: str):
    await ensure_admin(service.db, EMAIL, PASSWORD)
    headers = {"Cookie": f"leadwire_session={planted}"}
    answer = await service.http.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}, headers=headers)
    token = answer.json()["token"]
    assert answer.status_code == 201
    assert token not in planted
    assert f"leadwire_session={planted};" not in answer.headers["set-cookie"]
    rows = await service.db.pool.fetch("SELECT token_hash FROM sessions")
    assert [row["token_hash"] for row in rows] == [hash_token(token)]


async def test_a_live_session_that_was_planted_ends_when_its_victim_signs_in(service: ServiceUnderTest):
    """Else who planted it could go on with it in the victim's browser's place."""
    attacker = await person(service)
    await ensure_admin(service.db, EMAIL, PASSWORD)
    headers = {"Cookie": f"leadwire_session={attacker.token}"}
    answer = await service.http.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}, headers=headers)
    service.http.cookies.clear()
    assert answer.json()["user"]["email"] == EMAIL
    assert not await attacker.works()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "post", "QUERY", "CONNECT", "", "GETX", "TRACE"])
async def test_a_write_by_cookie_needs_its_own_csrf_token(service: ServiceUnderTest, method: str):
    here, other = await person(service), await person(service, "supervisor")
    cookie = {"Cookie": f"leadwire_session={here.token}", "X-Original-Method": method}
    own = csrf_token(here.token)
    wrong = ["", csrf_token(other.token), own[:-1], own + "0", own.upper(), here.token, "null"]
    for token in wrong:
        asked = await service.http.get("/internal/authenticate", headers=cookie | {"X-CSRF-Token": token})
        assert (asked.status_code, asked.json()["code"]) == (403, "csrf-token-invalid")
    # The cookie of the same name proves nothing: another site's page makes the browser send it.
    both = cookie | {"Cookie": f"{cookie['Cookie']}; leadwire_csrf={own}"}
    assert (await service.http.get("/internal/authenticate", headers=both)).status_code == 403
    right = await service.http.get("/internal/authenticate", headers=cookie | {"X-CSRF-Token": own})
    assert right.status_code == 204


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_form_of_another_site_signs_nobody_in(service: ServiceUnderTest, kind: str):
    """What a page can send without asking first: it would put the victim into the attacker's account."""
    await ensure_admin(service.db, EMAIL, PASSWORD)
    body = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
    answer = await service.http.post("/v1/sessions", content=body, headers={"Content-Type": kind})
    assert answer.status_code in {415, 422}
    assert "set-cookie" not in answer.headers


async def test_guessing_from_one_address_is_stopped_whosoever_account_it_is(service: ServiceUnderTest):
    await ensure_admin(service.db, EMAIL, PASSWORD)
    answers = [await sign_in(service, f"{number}@example.test", "x") for number in range(ADDRESS.free)]
    assert [answer.status_code for answer in answers] == [401] * ADDRESS.free
    assert await stay_blocked(service) == 1
    right = await sign_in(service, EMAIL)
    assert (right.status_code, right.json()["code"]) == (429, "too-many-attempts")


async def test_each_wrong_guess_takes_twice_as_long_up_to_a_limit(service: ServiceUnderTest):
    await ensure_admin(service.db, EMAIL, PASSWORD)
    for _ in range(ACCOUNT.free - 1):
        await sign_in(service, EMAIL, "wrong")
    waits: list[timedelta] = []
    for _ in range(13):
        await service.db.pool.execute("UPDATE guesses SET blocked_until = '-infinity'")
        assert (await sign_in(service, EMAIL, "wrong")).status_code in {401, 429}
        waits.append(await service.db.pool.fetchval("SELECT max(blocked_until - last_at) FROM guesses"))
    seconds = [round(wait.total_seconds()) for wait in waits]
    assert seconds[:9] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert max(seconds) == WINDOW.total_seconds()


async def test_no_answer_tells_whether_an_account_exists(service: ServiceUnderTest):
    """Wrong, unknown, without a password, deactivated; and blocked, which an unknown one becomes as well."""
    await ensure_admin(service.db, EMAIL, PASSWORD)
    sleeping = await person(service)
    await service.http.patch(f"/v1/users/{sleeping.user['id']}", json={"active": False}, headers=service.headers())
    without = {"email": "oidc@example.test", "name": "No password", "access_level": "supervisor"}
    await service.http.post("/v1/users", json=without, headers=service.headers())
    accounts = [EMAIL, "nobody@example.test", sleeping.user["email"], without["email"]]
    for status in [401] * ACCOUNT.free + [429]:
        assert await stay_blocked(service) == (len(accounts) if status == 429 else 0)
        answers = [await sign_in(service, email, "wrong password") for email in accounts]
        assert {answer.status_code for answer in answers} == {status}
        bodies = [answer.json() | {"request_id": ""} for answer in answers]
        assert bodies == [bodies[0]] * len(accounts)
        names = [sorted(set(answer.headers)) for answer in answers]
        assert names == [names[0]] * len(accounts)
