"""G6.1: a second factor by TOTP (RFC 6238)."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from identity_svc.second_factor.codes import STEP_SECONDS
from identity_svc.second_factor.second_factor import SecondFactor
from people import PASSWORD, Caller, create, person, sign_in, stay_blocked
from pyotp.totp import TOTP
from servicekit.sealing import Sealer
from servicekit.testing import ServiceUnderTest

KEY = "a key of at least thirty-two characters"


class Phone:
    """An authenticator, and the clock that it shares with the service."""

    def __init__(self, service: ServiceUnderTest) -> None:
        self.service = service
        self.now = 1_800_000_000.0
        self.secret = ""
        service.app.http.state.second_factor.__init__(Sealer(KEY), lambda: self.now)

    def scan(self, uri: str) -> None:
        self.secret = parse_qs(urlsplit(uri).query)["secret"][0]

    def code(self, steps: int = 0) -> str:
        return TOTP(self.secret).at(self.now, counter_offset=steps)

    def wait(self, steps: int = 1) -> None:
        self.now += steps * STEP_SECONDS


@pytest.fixture
def phone(service: ServiceUnderTest) -> Phone:
    return Phone(service)


async def enrol(caller: Caller, phone: Phone) -> list[str]:
    """The recovery codes."""
    started = await caller.ask("POST", "/v1/me/totp", json={"password": PASSWORD})
    assert started.status_code == 201, started.text
    phone.scan(started.json()["otpauth_uri"])
    confirmed = await caller.ask("POST", "/v1/me/totp/confirm", json={"totp": phone.code()})
    assert confirmed.status_code == 200, confirmed.text
    phone.wait()
    return confirmed.json()["recovery_codes"]


async def require_for(service: ServiceUnderTest, *levels: str) -> Any:
    body = {"second_factor_levels": levels}
    answer = await service.http.patch("/v1/sign-in-policy", json=body, headers=service.headers())
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_g6_1_who_has_a_second_factor_signs_in_in_two_steps(service: ServiceUnderTest, phone: Phone):
    here = await person(service)
    await enrol(here, phone)
    first = await sign_in(service, here.user["email"])
    assert (first.status_code, first.json()["code"]) == (401, "totp-required")
    assert "set-cookie" not in first.headers
    second = await sign_in(service, here.user["email"], totp=phone.code())
    assert second.status_code == 201
    sessions = (await Caller(service, second.json()["token"]).ask("GET", "/v1/me/sessions")).json()["data"]
    assert sessions[0]["method"] == "totp"


async def test_g6_1_only_the_right_password_is_told_that_a_code_is_missing(service: ServiceUnderTest, phone: Phone):
    here = await person(service)
    await enrol(here, phone)
    wrong = await sign_in(service, here.user["email"], "wrong password")
    with_code = await sign_in(service, here.user["email"], "wrong password", totp=phone.code())
    unknown = await sign_in(service, "nobody@example.test", totp="123456")
    assert {answer.json()["code"] for answer in (wrong, with_code, unknown)} == {"unauthenticated"}
    # The code was not used up by who did not know the password.
    assert (await sign_in(service, here.user["email"], totp=phone.code())).status_code == 201


async def test_g6_1_a_code_is_accepted_once(service: ServiceUnderTest, phone: Phone):
    here = await person(service)
    await enrol(here, phone)
    code = phone.code()
    answers = await asyncio.gather(*(sign_in(service, here.user["email"], totp=code) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]
    # An older one, which the drift would still allow, is over as well.
    before = await sign_in(service, here.user["email"], totp=phone.code(-1))
    assert before.json()["code"] == "totp-invalid"
    phone.wait()
    assert (await sign_in(service, here.user["email"], totp=phone.code())).status_code == 201


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 201), (0, 201), (1, 201), (2, 401)])
async def test_g6_1_a_clock_may_be_one_step_off(service: ServiceUnderTest, phone: Phone, steps: int, status: int):
    here = await person(service)
    await enrol(here, phone)
    phone.wait(5)
    assert (await sign_in(service, here.user["email"], totp=phone.code(steps))).status_code == status


async def test_g6_1_guessing_codes_is_stopped(service: ServiceUnderTest, phone: Phone):
    here = await person(service)
    await enrol(here, phone)
    wrong = f"{(int(phone.code()) + 500_000) % 1_000_000:06d}"
    answers = [await sign_in(service, here.user["email"], totp=wrong) for _ in range(5)]
    assert [answer.json()["code"] for answer in answers] == ["totp-invalid"] * 5
    assert await stay_blocked(service) == 1
    assert (await sign_in(service, here.user["email"], totp=phone.code())).status_code == 429


async def test_g6_1_guessing_codes_with_a_stolen_session_is_stopped(service: ServiceUnderTest, phone: Phone):
    here = await person(service)
    await enrol(here, phone)
    path = "/v1/me/totp/recovery-codes"
    wrong = f"{(int(phone.code()) + 500_000) % 1_000_000:06d}"
    statuses = [(await here.ask("POST", path, json={"totp": wrong})).status_code for _ in range(5)]
    assert statuses == [401] * 5
    assert await stay_blocked(service) == 1
    assert (await here.ask("POST", path, json={"totp": phone.code()})).status_code == 429


@pytest.mark.parametrize("totp", ["12345", "1234567", "12345a", "١٢٣٤٥٦", "123 456", "-12345", 123456, None])
async def test_g6_1_what_is_no_code_is_refused(service: ServiceUnderTest, phone: Phone, totp: Any):
    here = await person(service)
    await enrol(here, phone)
    answer = await sign_in(service, here.user["email"], totp=totp)
    assert answer.status_code == (401 if totp is None else 422)


async def test_g6_1_a_recovery_code_works_once(service: ServiceUnderTest, phone: Phone):
    here = await person(service)
    codes = await enrol(here, phone)
    assert len(set(codes)) == 10
    copied = codes[0].lower().replace("-", " ")
    answers = await asyncio.gather(*(sign_in(service, here.user["email"], recovery_code=copied) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401]
    assert (await here.ask("GET", "/v1/me/totp")).json()["recovery_codes_left"] == 9
    stored = await service.db.pool.fetch("SELECT code_hash FROM recovery_codes")
    assert not any(code.encode() in row["code_hash"] for row in stored for code in codes)


async def test_g6_1_new_recovery_codes_replace_the_old_ones(service: ServiceUnderTest, phone: Phone):
    here = await person(service)
    old = await enrol(here, phone)
    renewed = await here.ask("POST", "/v1/me/totp/recovery-codes", json={"totp": phone.code()})
    assert len(renewed.json()["recovery_codes"]) == 10
    assert (await sign_in(service, here.user["email"], recovery_code=old[0])).status_code == 401
    right = renewed.json()["recovery_codes"][0]
    assert (await sign_in(service, here.user["email"], recovery_code=right)).status_code == 201


async def test_g6_1_the_secret_is_shown_once_and_sealed(service: ServiceUnderTest, phone: Phone):
    here = await person(service)
    await enrol(here, phone)
    (row,) = await service.db.pool.fetch("SELECT * FROM totp_factors")
    assert phone.secret.encode() not in row["secret_sealed"]
    assert Sealer(KEY).open(row["secret_sealed"], here.user["id"]) == phone.secret
    shown = (await here.ask("GET", "/v1/me/totp")).json()
    assert set(shown) == {"required", "confirmed_at", "recovery_codes_left"}
    again = await here.ask("POST", "/v1/me/totp", json={"password": PASSWORD})
    assert (again.status_code, again.json()["code"]) == (409, "totp-exists")


async def test_g6_1_enrolling_needs_the_password_and_counts_only_when_confirmed(
    service: ServiceUnderTest, phone: Phone
):
    here = await person(service)
    assert (await here.ask("POST", "/v1/me/totp", json={"password": "wrong password"})).status_code == 401
    first = (await here.ask("POST", "/v1/me/totp", json={"password": PASSWORD})).json()
    assert first["otpauth_uri"].startswith("otpauth://totp/Leadwire:leads_agent%40example.test?secret=")
    assert (await sign_in(service, here.user["email"])).status_code == 201
    second = (await here.ask("POST", "/v1/me/totp", json={"password": PASSWORD})).json()
    phone.scan(first["otpauth_uri"])
    assert (await here.ask("POST", "/v1/me/totp/confirm", json={"totp": phone.code()})).status_code == 401
    phone.scan(second["otpauth_uri"])
    assert (await here.ask("POST", "/v1/me/totp/confirm", json={"totp": phone.code()})).status_code == 200
    twice = await here.ask("POST", "/v1/me/totp/confirm", json={"totp": phone.code(1)})
    assert twice.json()["code"] == "totp-not-enrolling"


async def test_g6_1_removing_it_takes_the_password_and_a_code(service: ServiceUnderTest, phone: Phone):
    here = await person(service)
    codes = await enrol(here, phone)
    for body in (
        {"password": PASSWORD},
        {"password": "wrong password", "totp": phone.code()},
        {"password": PASSWORD, "recovery_code": "AAAAAA"},
    ):
        assert (await here.ask("POST", "/v1/me/totp/remove", json=body)).status_code == 401
    removed = await here.ask("POST", "/v1/me/totp/remove", json={"password": PASSWORD, "recovery_code": codes[3]})
    assert removed.status_code == 204
    assert (await sign_in(service, here.user["email"])).status_code == 201
    assert await service.db.pool.fetchval("SELECT count(*) FROM recovery_codes") == 0


async def test_g6_1_an_admin_resets_it_and_the_sessions_end(service: ServiceUnderTest, phone: Phone):
    here = await person(service)
    await enrol(here, phone)
    path = f"/v1/users/{here.user['id']}/totp"
    refused = [await service.http.delete(path, headers=service.headers(level)) for level in ("supervisor", "partner")]
    assert [answer.status_code for answer in refused] == [403, 403]
    assert (await service.http.delete("/v1/users/usr_none/totp", headers=service.headers())).status_code == 404
    assert (await service.http.delete(path, headers=service.headers())).status_code == 204
    assert not await here.works()
    assert (await sign_in(service, here.user["email"])).status_code == 201


async def test_g6_1_a_level_that_must_have_one_enrols_at_the_next_sign_in(service: ServiceUnderTest, phone: Phone):
    here, other = await person(service), await person(service, "supervisor")
    policy = await require_for(service, "leads_agent")
    assert (policy["second_factor_levels"], policy["version"]) == (["leads_agent"], 2)
    assert [await here.works(), await other.works()] == [False, True]
    credentials = {"email": here.user["email"], "password": PASSWORD}
    assert (await sign_in(service, **credentials)).json()["code"] == "totp-enrolment-required"
    wrong = await service.http.post("/v1/sessions/totp", json=credentials | {"password": "wrong password"})
    assert wrong.status_code == 401
    enrolment = await service.http.post("/v1/sessions/totp", json=credentials)
    assert enrolment.status_code == 201
    phone.scan(enrolment.json()["otpauth_uri"])
    assert (await sign_in(service, **credentials)).json()["code"] == "totp-required"
    signed_in = await sign_in(service, **credentials, totp=phone.code())
    assert await Caller(service, signed_in.json()["token"]).works()
    again = await service.http.post("/v1/sessions/totp", json=credentials)
    assert (again.status_code, again.json()["code"]) == (409, "totp-exists")
    needless = await service.http.post("/v1/sessions/totp", json=credentials | {"email": other.user["email"]})
    assert (needless.status_code, needless.json()["code"]) == (409, "totp-not-required")


async def test_g6_1_who_was_raised_to_such_a_level_has_to_sign_in_again(service: ServiceUnderTest, phone: Phone):
    await require_for(service, "supervisor")
    here = await person(service)
    path = f"/v1/users/{here.user['id']}"
    await service.http.patch(path, json={"access_level": "supervisor"}, headers=service.headers())
    assert not await here.works()


async def test_g6_1_a_new_password_keeps_the_session_as_strong_as_it_was(service: ServiceUnderTest, phone: Phone):
    here = await person(service)
    await enrol(here, phone)
    await require_for(service, "leads_agent")
    strong = Caller(service, (await sign_in(service, here.user["email"], totp=phone.code())).json()["token"])
    body = {"old_password": PASSWORD, "new_password": "another horse"}
    changed = await strong.ask("POST", "/v1/me/password", json=body)
    assert await Caller(service, changed.json()["token"]).works()


async def test_g6_1_only_admins_decide_who_must_have_one(service: ServiceUnderTest, phone: Phone):
    for level in ("supervisor", "leads_agent", "call_centre", "sponsor", "partner", "integration"):
        headers = service.headers(level)
        read = await service.http.get("/v1/sign-in-policy", headers=headers)
        written = await service.http.patch("/v1/sign-in-policy", json={"second_factor_levels": []}, headers=headers)
        assert [read.status_code, written.status_code] == [403, 403]
    stale = service.headers() | {"If-Match": '"9"'}
    late = await service.http.patch("/v1/sign-in-policy", json={"second_factor_levels": []}, headers=stale)
    assert late.status_code == 412
    unknown = {"second_factor_levels": ["root"]}
    assert (await service.http.patch("/v1/sign-in-policy", json=unknown, headers=service.headers())).status_code == 422


async def test_g6_1_without_a_key_nobody_enrols_and_nobody_slips_through(service: ServiceUnderTest, phone: Phone):
    here = await person(service)
    await enrol(here, phone)
    state = service.app.http.state
    state.second_factor.__init__(None, lambda: phone.now)
    answer = await sign_in(service, here.user["email"], totp=phone.code())
    assert (answer.status_code, answer.json()["code"]) == (409, "second-factor-off")
    policy = await service.http.patch(
        "/v1/sign-in-policy", json={"second_factor_levels": ["admin"]}, headers=service.headers()
    )
    assert policy.json()["code"] == "second-factor-off"
    assert isinstance(state.second_factor, SecondFactor)
    state.second_factor.__init__(Sealer("another key of thirty-two characters"), lambda: phone.now)
    sealed = await sign_in(service, here.user["email"], totp=phone.code())
    assert (sealed.status_code, sealed.json()["code"]) == (503, "second-factor-sealed")


async def test_g6_1_a_users_secret_does_not_open_in_anothers_place(service: ServiceUnderTest, phone: Phone):
    here, other = await person(service), await create(service, "supervisor")
    await enrol(here, phone)
    await service.db.pool.execute(
        "INSERT INTO totp_factors SELECT $1, secret_sealed, 0, created_at, confirmed_at FROM totp_factors", other["id"]
    )
    answer = await sign_in(service, other["email"], totp=phone.code())
    assert answer.status_code == 503
