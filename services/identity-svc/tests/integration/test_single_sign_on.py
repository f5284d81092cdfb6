"""G6.1: single sign-on by OpenID Connect, against a real provider in a process of its own."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import pytest_asyncio
from identity_svc.single_sign_on.provider import CALLBACK, PATH, Provider, Registration
from identity_svc.single_sign_on.sign_on import SignOn
from people import Caller, create, person
from providers import RealProvider, real_provider
from servicekit.testing import ServiceUnderTest

EMAIL = "leads_agent@example.test"
SITE = "http://service"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def provider() -> AsyncIterator[RealProvider]:
    async with real_provider(SITE + CALLBACK) as running:
        yield running


@pytest.fixture(autouse=True)
async def _registered(service: ServiceUnderTest, provider: RealProvider) -> None:
    use(service, provider)
    await provider.knows("ann", email="Leads_Agent@Example.test", email_verified=True)


def use(service: ServiceUnderTest, provider: RealProvider, issuer: str | None = None) -> None:
    registration = Registration(
        issuer=issuer or provider.issuer,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        redirect_uri=SITE + CALLBACK,
        algorithms=("RS256",),
    )
    state = service.app.http.state
    state.sign_on = SignOn(service.db, Provider(registration), state.sign_in)


async def leave(service: ServiceUnderTest, query: str = "", **headers: str) -> httpx2.Response:
    answer = await service.http.get(f"{PATH}{query}", headers=headers)
    assert answer.status_code == 302, answer.text
    return answer


async def come_back(service: ServiceUnderTest, location: str) -> httpx2.Response:
    return await service.http.get(location)


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    assert "leadwire_session" not in str(answer.headers.get_list("set-cookie"))
    return answer.status_code, answer.json()["code"]


async def sessions_of(service: ServiceUnderTest) -> int:
    return await service.db.pool.fetchval("SELECT count(*) FROM sessions")


async def test_g6_1_an_active_user_signs_in_by_the_provider(service: ServiceUnderTest, provider: RealProvider):
    user = await create(service)
    left = await leave(service, "?return_to=/leads?state=queued")
    answer = await come_back(service, await provider.signs_in(left.headers["location"], "ann"))
    assert answer.status_code == 200, answer.text
    assert 'content="0;url=/leads?state=queued"' in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    session = service.http.cookies["leadwire_session"]
    here = Caller(service, session)
    assert (await here.ask("GET", "/v1/me")).json() == user
    (own,) = (await here.ask("GET", "/v1/me/sessions")).json()["data"]
    assert (own["method"], own["current"]) == ("oidc", True)


async def test_g6_1_the_browser_leaves_with_state_nonce_and_pkce(service: ServiceUnderTest, provider: RealProvider):
    left = await leave(service)
    query = {name: values[0] for name, values in parse_qs(urlsplit(left.headers["location"]).query).items()}
    assert left.headers["location"].startswith(provider.issuer)
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert (query["redirect_uri"], query["scope"]) == (SITE + CALLBACK, "openid email")
    verifier = await service.db.pool.fetchval("SELECT code_verifier FROM sign_on_flows")
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert query["code_challenge"] == digest
    assert min(len(query["state"]), len(query["nonce"]), len(verifier)) >= 43
    again = parse_qs(urlsplit((await leave(service)).headers["location"]).query)
    assert {again["state"][0], again["nonce"][0]}.isdisjoint({query["state"], query["nonce"]})


async def test_g6_1_a_code_is_worth_nothing_without_the_verifier_that_stays_here(
    service: ServiceUnderTest, provider: RealProvider
):
    """The provider checks S256, so this shows that ours is the right one, and that a stolen code is of no use."""
    await create(service)
    left = await leave(service)
    location = await provider.signs_in(left.headers["location"], "ann")
    code = parse_qs(urlsplit(location).query)["code"][0]
    for verifier in ({}, {"code_verifier": "a" * 43}, {"code_verifier": "plain"}):
        assert (await provider.redeems(code, SITE + CALLBACK, **verifier)).status_code == 400
    assert (await come_back(service, location)).status_code == 200
    left = await leave(service)
    await service.db.pool.execute("UPDATE sign_on_flows SET code_verifier = repeat('b', 43)")
    refused = await come_back(service, await provider.signs_in(left.headers["location"], "ann"))
    assert code_of(refused) == (401, "sign-on-refused")
    assert await sessions_of(service) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"nonce": None},
        {"redirect_uri": "https://evil.test/v1/sessions/oidc/callback"},
        {"redirect_uri": SITE + CALLBACK + "/more"},
        {"client_id": "somebody"},
    ],
    ids=str,
)
async def test_g6_1_the_provider_of_these_tests_lets_nothing_of_it_pass(
    service: ServiceUnderTest, provider: RealProvider, changed: dict[str, str | None]
):
    """Else the tests above would show nothing."""
    left = await leave(service)
    answer = await provider.asks(left.headers["location"], "ann", **changed)
    location = answer.headers.get("location", "")
    assert "code=" not in location
    assert answer.status_code == 400 or "error=" in location


async def test_g6_1_the_cookie_of_the_way_there_survives_it_and_the_sessions_stays_strict(
    service: ServiceUnderTest, provider: RealProvider
):
    await create(service)
    left = await leave(service, **{"X-Forwarded-Proto": "https"})
    (cookie,) = left.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-leadwire_sign_on=")
    assert all(part in cookie for part in ("SameSite=lax", "HttpOnly", "Secure", "Path=/;", "Max-Age=600"))
    service.http.cookies.clear()
    left = await leave(service)
    answer = await come_back(service, await provider.signs_in(left.headers["location"], "ann"))
    session, csrf, gone = answer.headers.get_list("set-cookie")
    assert "SameSite=strict" in session
    assert "SameSite=strict" in csrf
    assert gone.startswith('leadwire_sign_on="";')
    assert "location" not in answer.headers  # a page of ours goes on: a redirect would not carry strict cookies


async def test_g6_1_a_wrong_or_missing_nonce_is_refused(service: ServiceUnderTest, provider: RealProvider):
    await create(service)
    left = await leave(service)
    wrong = await come_back(service, await provider.signs_in(left.headers["location"], "ann", nonce="another"))
    assert code_of(wrong) == (401, "sign-on-refused")
    assert await sessions_of(service) == 0


async def test_g6_1_state_and_code_work_once(service: ServiceUnderTest, provider: RealProvider):
    await create(service)
    left = await leave(service)
    cookie = service.http.cookies["leadwire_sign_on"]
    location = await provider.signs_in(left.headers["location"], "ann")
    assert (await come_back(service, location)).status_code == 200
    service.http.cookies.clear()
    service.http.cookies.set("leadwire_sign_on", cookie)
    assert code_of(await come_back(service, location)) == (401, "sign-on-unknown")
    # The same code with a state of its own.
    service.http.cookies.clear()
    other = parse_qs(urlsplit((await leave(service)).headers["location"]).query)["state"][0]
    code = parse_qs(urlsplit(location).query)["code"][0]
    replayed = await come_back(service, f"{CALLBACK}?state={other}&code={code}")
    assert code_of(replayed) == (401, "sign-on-refused")
    assert await sessions_of(service) == 1


async def test_g6_1_only_the_browser_that_left_comes_back(service: ServiceUnderTest, provider: RealProvider):
    """Else an attacker could sign a victim in to the attacker's own account."""
    await create(service)
    left = await leave(service)
    location = await provider.signs_in(left.headers["location"], "ann")
    service.http.cookies.clear()
    assert code_of(await come_back(service, location)) == (401, "sign-on-unknown")
    await leave(service)
    assert code_of(await come_back(service, location)) == (401, "sign-on-unknown")
    assert await sessions_of(service) == 0


async def test_g6_1_a_sign_on_is_over_after_ten_minutes(service: ServiceUnderTest, provider: RealProvider):
    await create(service)
    left = await leave(service)
    location = await provider.signs_in(left.headers["location"], "ann")
    await service.db.pool.execute("UPDATE sign_on_flows SET expires_at = now()")
    assert code_of(await come_back(service, location)) == (401, "sign-on-unknown")


@pytest.mark.parametrize("verified", [False, "true", 1, None])
async def test_g6_1_an_address_that_the_provider_does_not_vouch_for_is_refused(
    service: ServiceUnderTest, provider: RealProvider, verified: object
):
    await create(service)
    await provider.knows("ann", email=EMAIL, email_verified=verified)
    left = await leave(service)
    answer = await come_back(service, await provider.signs_in(left.headers["location"], "ann"))
    assert code_of(answer) == (401, "sign-on-no-user")


async def signs_on(service: ServiceUnderTest, provider: RealProvider, subject: str) -> httpx2.Response:
    service.http.cookies.clear()
    left = await leave(service)
    return await come_back(service, await provider.signs_in(left.headers["location"], subject))


async def test_g6_1_whoever_gets_a_former_colleagues_address_is_not_that_colleague(
    service: ServiceUnderTest, provider: RealProvider
):
    user = await create(service)
    assert (await signs_on(service, provider, "ann")).status_code == 200
    await provider.knows("ann", email="ann.new@example.test", email_verified=False)
    await provider.knows("bob", email=EMAIL, email_verified=True)
    assert code_of(await signs_on(service, provider, "bob")) == (401, "sign-on-no-user")
    assert (await signs_on(service, provider, "ann")).status_code == 200, "her address may change there"
    here = Caller(service, service.http.cookies["leadwire_session"])
    assert (await here.ask("GET", "/v1/me")).json() == user
    await service.http.patch(f"/v1/users/{user['id']}", json={"active": False}, headers=service.headers())
    assert code_of(await signs_on(service, provider, "ann")) == (401, "sign-on-no-user")


async def test_g6_1_who_is_somebody_else_at_the_provider_now_needs_an_admin(
    service: ServiceUnderTest, provider: RealProvider
):
    user = await create(service)
    await signs_on(service, provider, "ann")
    here = Caller(service, service.http.cookies["leadwire_session"])
    await provider.knows("bob", email=EMAIL, email_verified=True)
    path = f"/v1/users/{user['id']}/sign-on"
    refused = [await service.http.delete(path, headers=service.headers(level)) for level in ("supervisor", "sponsor")]
    assert [answer.status_code for answer in refused] == [403, 403]
    assert (await service.http.delete("/v1/users/usr_none/sign-on", headers=service.headers())).status_code == 404
    assert await here.works()
    assert (await service.http.delete(path, headers=service.headers())).status_code == 204
    assert not await here.works()
    assert (await signs_on(service, provider, "bob")).status_code == 200
    assert code_of(await signs_on(service, provider, "ann")) == (401, "sign-on-no-user")


async def test_g6_1_with_a_new_address_a_user_is_whom_the_provider_calls_so(
    service: ServiceUnderTest, provider: RealProvider
):
    user = await create(service)
    await signs_on(service, provider, "ann")
    change = {"email": "bob@example.test"}
    await service.http.patch(f"/v1/users/{user['id']}", json=change, headers=service.headers())
    assert code_of(await signs_on(service, provider, "ann")) == (401, "sign-on-no-user")
    await provider.knows("bob", **change, email_verified=True)
    assert (await signs_on(service, provider, "bob")).status_code == 200


async def test_g6_1_two_first_sign_ons_at_once_are_one_person(service: ServiceUnderTest, provider: RealProvider):
    await create(service)
    await provider.knows("bob", email=EMAIL, email_verified=True)
    ways = []
    for subject in ("ann", "bob", "ann", "bob"):
        service.http.cookies.clear()
        left = await leave(service)
        cookie = f"leadwire_sign_on={service.http.cookies['leadwire_sign_on']}"
        ways.append((await provider.signs_in(left.headers["location"], subject), cookie))
    service.http.cookies.clear()
    answers = await asyncio.gather(*(service.http.get(where, headers={"Cookie": cookie}) for where, cookie in ways))
    statuses = [answer.status_code for answer in answers]
    assert statuses in ([200, 401, 200, 401], [401, 200, 401, 200])


async def test_g6_1_nobody_is_made_a_user_by_signing_on(service: ServiceUnderTest, provider: RealProvider):
    await provider.knows("eve", email="eve@example.test", email_verified=True, access_level="admin", lvl="admin")
    left = await leave(service)
    answer = await come_back(service, await provider.signs_in(left.headers["location"], "eve"))
    assert code_of(answer) == (401, "sign-on-no-user")
    assert await service.db.pool.fetchval("SELECT count(*) FROM users") == 0


async def test_g6_1_the_access_level_is_never_the_providers(service: ServiceUnderTest, provider: RealProvider):
    user = await create(service)
    await provider.knows("ann", email=EMAIL, email_verified=True, access_level="admin", lvl="admin", roles=["admin"])
    left = await leave(service)
    await come_back(service, await provider.signs_in(left.headers["location"], "ann"))
    here = Caller(service, service.http.cookies["leadwire_session"])
    assert (await here.ask("GET", "/v1/me")).json() == user
    assert (await here.ask("GET", "/v1/users")).status_code == 403


async def test_g6_1_a_deactivated_user_is_refused(service: ServiceUnderTest, provider: RealProvider):
    user = await create(service)
    left = await leave(service)
    location = await provider.signs_in(left.headers["location"], "ann")
    await service.http.patch(f"/v1/users/{user['id']}", json={"active": False}, headers=service.headers())
    assert code_of(await come_back(service, location)) == (401, "sign-on-no-user")


async def test_g6_1_who_needs_a_second_factor_needs_it_at_the_provider_too(
    service: ServiceUnderTest, provider: RealProvider
):
    await create(service)
    await service.db.pool.execute("UPDATE sign_in_policy SET second_factor_levels = '{leads_agent}'")
    for methods, status in ((None, 401), (["pwd"], 401), ("mfa", 401), (["pwd", "otp"], 200)):
        await provider.knows("ann", email=EMAIL, email_verified=True, amr=methods)
        left = await leave(service)
        answer = await come_back(service, await provider.signs_in(left.headers["location"], "ann"))
        assert answer.status_code == status
    assert await Caller(service, service.http.cookies["leadwire_session"]).works()


async def test_g6_1_a_code_of_another_provider_is_refused(service: ServiceUnderTest, provider: RealProvider):
    await create(service)
    async with real_provider() as foreign:
        await foreign.knows("ann", email=EMAIL, email_verified=True)
        left = await leave(service)
        location = await foreign.signs_in(left.headers["location"], "ann")
        assert code_of(await come_back(service, location)) == (401, "sign-on-refused")
        left = await leave(service)
        mixed_up = await provider.signs_in(left.headers["location"], "ann") + f"&iss={foreign.issuer}"
        assert code_of(await come_back(service, mixed_up)) == (401, "sign-on-refused")
    assert await sessions_of(service) == 0


async def test_g6_1_a_provider_that_calls_itself_otherwise_is_not_ours(
    service: ServiceUnderTest, provider: RealProvider
):
    """Its own name is without the slash: the issuer is compared to the letter."""
    use(service, provider, f"{provider.issuer}/")
    answer = await service.http.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (503, "provider-unavailable")
    use(service, provider, "http://127.0.0.1:1")
    away = await service.http.get(PATH)
    assert (away.status_code, away.headers["retry-after"]) == (503, "5")


async def test_g6_1_a_no_is_a_no(service: ServiceUnderTest, provider: RealProvider):
    left = await leave(service)
    location = await provider.refuses(left.headers["location"])
    assert "error=access_denied" in location
    state = parse_qs(urlsplit(left.headers["location"]).query)["state"][0]
    answer = await come_back(service, f"{CALLBACK}?error=access_denied&state={state}")
    assert code_of(answer) == (401, "sign-on-refused")


async def test_g6_1_the_browsers_former_session_ends(service: ServiceUnderTest, provider: RealProvider):
    """Its strict cookie does not come along with the way back: it was written down on the way out."""
    await create(service)
    former = await person(service, "supervisor")
    left = await leave(service, Cookie=f"leadwire_session={former.token}")
    await come_back(service, await provider.signs_in(left.headers["location"], "ann"))
    assert not await former.works()


@pytest.mark.parametrize(
    "return_to",
    [
        "//evil.test",
        "/\\evil.test",
        "https://evil.test",
        "javascript:alert(1)",
        "",
        "leads",
        "/a b",
        "/a\nb",
        "/" + "a" * 500,
    ],
)
async def test_g6_1_the_way_on_stays_on_this_site(service: ServiceUnderTest, return_to: str):
    answer = await service.http.get(PATH, params={"return_to": return_to})
    assert answer.status_code == 422


async def test_g6_1_what_is_in_the_way_on_is_escaped(service: ServiceUnderTest, provider: RealProvider):
    await create(service)
    left = await service.http.get(PATH, params={"return_to": '/"><script>alert(1)</script>'})
    answer = await come_back(service, await provider.signs_in(left.headers["location"], "ann"))
    assert "<script>" not in answer.text


async def test_g6_1_without_a_provider_there_is_no_such_page(service: ServiceUnderTest):
    service.app.http.state.sign_on = None
    for path in (PATH, f"{CALLBACK}?state=a&code=b"):
        assert (await service.http.get(path)).status_code == 404
