"""G6.2: one's own password and sessions."""

from typing import Any

import pytest
from people import PASSWORD, Caller, create, person, sign_in, stay_blocked
from servicekit.testing import ServiceUnderTest

NEW = "another horse"


async def again(caller: Caller, **headers: str) -> Caller:
    answer = await caller.service.http.post(
        "/v1/sessions", json={"email": caller.user["email"], "password": PASSWORD}, headers=headers
    )
    caller.service.http.cookies.clear()
    return Caller(caller.service, answer.json()["token"], caller.user)


async def change(caller: Caller, old: str = PASSWORD, new: str = NEW):
    return await caller.ask("POST", "/v1/me/password", json={"old_password": old, "new_password": new})


async def test_g6_2_a_new_password_ends_every_session_and_opens_one(service: ServiceUnderTest):
    here = await person(service)
    elsewhere = await again(here)
    answer = await change(here)
    assert answer.status_code == 200
    assert [cookie.partition("=")[0] for cookie in answer.headers.get_list("set-cookie")] == [
        "leadwire_session",
        "leadwire_csrf",
    ]
    assert [await caller.works() for caller in (here, elsewhere)] == [False, False]
    assert await Caller(service, answer.json()["token"]).works()
    assert (await sign_in(service, here.user["email"])).status_code == 401
    assert (await sign_in(service, here.user["email"], NEW)).status_code == 201


async def test_g6_2_the_old_password_has_to_be_right_and_guessing_it_counts(service: ServiceUnderTest):
    here = await person(service)
    statuses = [(await change(here, old=f"guess {number}")).status_code for number in range(5)]
    assert statuses == [401] * 5
    assert await stay_blocked(service) == 1
    assert (await change(here)).status_code == 429
    assert (await sign_in(service, here.user["email"])).status_code == 429
    assert await here.works()


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("5hort", "validation-failed"),
        ("x" * 129, "validation-failed"),
        (PASSWORD, "password-unchanged"),
        ("password123", "password-easy"),
        ("Leads_agent7", "password-easy"),
    ],
)
async def test_g6_2_a_new_password_is_new_and_long_enough(service: ServiceUnderTest, new: str, code: str):
    here = await person(service)
    answer = await change(here, new=new)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert new not in answer.text
    assert await here.works()


async def test_g6_1_a_password_is_what_was_typed_spaces_around_it_as_well(service: ServiceUnderTest):
    """ASVS 6.2.8."""
    here = await person(service)
    assert (await change(here, new=f" {NEW} ")).status_code == 200
    for typed, status in ((NEW, 401), (f" {NEW}", 401), (f" {NEW.upper()} ", 401), (f" {NEW} ", 201)):
        assert (await sign_in(service, here.user["email"], typed)).status_code == status


async def test_g6_2_people_see_and_end_their_sessions(service: ServiceUnderTest):
    here = await person(service)
    elsewhere = await again(here, **{"User-Agent": "Phone\x7f"})
    data = (await here.ask("GET", "/v1/me/sessions")).json()["data"]
    assert [(one["user_agent"], one["current"], one["method"]) for one in data] == [
        ("Phone", False, "password"),
        (data[1]["user_agent"], True, "password"),
    ]
    assert elsewhere.token not in str(data)
    assert (await here.ask("DELETE", f"/v1/me/sessions/{data[0]['id']}")).status_code == 204
    assert [await caller.works() for caller in (here, elsewhere)] == [True, False]
    assert (await here.ask("DELETE", f"/v1/me/sessions/{data[0]['id']}")).status_code == 404


async def test_g6_2_sessions_are_paged(service: ServiceUnderTest):
    here = await person(service)
    for _ in range(2):
        await again(here)
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await here.ask("GET", f"/v1/me/sessions?limit=2{cursor}")).json()
        seen += [one["id"] for one in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 3


async def test_g6_2_signing_out_everywhere_else_keeps_this_one(service: ServiceUnderTest):
    here = await person(service)
    others = [await again(here) for _ in range(2)]
    assert (await here.ask("DELETE", "/v1/me/sessions")).status_code == 204
    assert [await caller.works() for caller in (here, *others)] == [True, False, False]


async def test_g6_2_a_foreign_session_is_as_unknown_as_none(service: ServiceUnderTest):
    here, other = await person(service), await person(service, "supervisor")
    (foreign,) = (await other.ask("GET", "/v1/me/sessions")).json()["data"]
    answers = [await here.ask("DELETE", f"/v1/me/sessions/{one}") for one in (foreign["id"], "ssn_unknown")]
    assert answers[0].status_code == 404
    assert answers[0].json() | {"request_id": ""} == answers[1].json() | {"request_id": ""}
    assert await other.works()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/me/password", {"old_password": PASSWORD, "new_password": NEW, "user_id": "usr_2"}),
        ("/v1/me/password", {"old_password": PASSWORD, "new_password": NEW, "access_level": "admin"}),
        ("/v1/me/totp", {"password": PASSWORD, "secret": "MINE"}),
        ("/v1/me/totp/confirm", {"totp": "123456", "confirmed_at": "2026-01-01T00:00:00Z"}),
        ("/v1/sessions", {"email": "a@b", "password": "x", "user_id": "usr_2"}),
        ("/v1/sessions", {"email": "a@b", "password": "x", "method": "totp"}),
        ("/v1/sessions", {"email": "a@b", "password": "x", "token": "ses_mine"}),
    ],
)
async def test_what_only_the_server_decides_is_refused(service: ServiceUnderTest, path: str, body: dict[str, Any]):
    """Mass assignment: unknown and server-owned fields are errors, and nothing happens."""
    here = await person(service)
    assert (await here.ask("POST", path, json=body)).status_code == 422
    assert await here.works()


SERVER_OWNED: dict[str, Any] = {
    "id": "usr_mine",
    "version": 7,
    "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z",
    "password_hash": "$argon2id$x",
    "email_normalised": "x@example.test",
    "is_admin": True,
    "totp": {"confirmed": True},
    "sessions": [],
    "last_step": 0,
    "": "",
    "__proto__": {"access_level": "admin"},
    "accessLevel": "admin",
    "access_level ": "admin",
}


@pytest.mark.parametrize("field", SERVER_OWNED)
async def test_what_only_the_server_decides_about_users_is_refused(service: ServiceUnderTest, field: str):
    user = await create(service)
    change = {field: SERVER_OWNED[field]}
    new = {"email": "new@example.test", "name": "New", "access_level": "leads_agent"}
    created = await service.http.post("/v1/users", json=new | change, headers=service.headers())
    changed = await service.http.patch(f"/v1/users/{user['id']}", json=change, headers=service.headers())
    assert [created.status_code, changed.status_code] == [422, 422]
    read = await service.http.get(f"/v1/users/{user['id']}", headers=service.headers())
    assert read.json() == user


async def test_nobody_changes_the_own_access_level(service: ServiceUnderTest):
    here = await person(service)
    for method in ("PATCH", "PUT", "POST"):
        assert (await here.ask(method, "/v1/me", json={"access_level": "admin"})).status_code == 405
    patched = await here.ask("PATCH", f"/v1/users/{here.user['id']}", json={"access_level": "admin"})
    assert patched.status_code == 403
