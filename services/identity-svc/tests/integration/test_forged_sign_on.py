"""G6.1: ID tokens that a provider must not have us believe."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from identity_svc.single_sign_on.provider import CALLBACK, PATH, Provider, Registration
from identity_svc.single_sign_on.sign_on import SignOn
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from people import create
from providers import Rogue, rogue_provider
from servicekit.testing import ServiceUnderTest

EMAIL = "leads_agent@example.test"
ABSENT = object()
KEY, FOREIGN = (rsa.generate_private_key(65537, 2048) for _ in range(2))
CURVE = ec.generate_private_key(ec.SECP256R1())
Make = Callable[[Rogue], Callable[[str], object]]


def jwk(key: Any, kid: str, alg: str) -> dict[str, Any]:
    kind: Any = RSAAlgorithm if alg.startswith("RS") else ECAlgorithm
    return {**json.loads(kind.to_jwk(key.public_key())), "kid": kid, "use": "sig"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rogue() -> AsyncIterator[Rogue]:
    async with rogue_provider() as running:
        yield running


@pytest.fixture(autouse=True)
async def _registered(service: ServiceUnderTest, rogue: Rogue) -> None:
    rogue.plan.__init__(keys={"keys": [jwk(KEY, "one", "RS256"), jwk(CURVE, "curve", "ES256")]})
    registration = Registration(
        issuer=rogue.issuer,
        client_id="leadwire",
        client_secret="a secret",
        redirect_uri="http://service" + CALLBACK,
        algorithms=("RS256",),
    )
    service.app.http.state.sign_on = SignOn(service.db, Provider(registration), service.app.http.state.sign_in)
    await create(service)


def claims(rogue: Rogue, sent: str, /, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {"iss": rogue.issuer, "aud": "leadwire", "sub": "ann", "iat": now, "exp": now + 60, "nonce": sent}
    named = good | {"email": EMAIL, "email_verified": True} | changes
    return {name: value for name, value in named.items() if value is not ABSENT}


def signed(key: Any = KEY, alg: str = "RS256", kid: str = "one", **changes: Any) -> Make:
    return lambda rogue: lambda nonce: jwt.encode(claims(rogue, nonce, **changes), key, alg, {"kid": kid})


def by_hand(alg: str, sign: Callable[[bytes], bytes]) -> Make:
    def encoded(part: object) -> str:
        return urlsafe_b64encode(part if isinstance(part, bytes) else json.dumps(part).encode()).decode().rstrip("=")

    def make(rogue: Rogue, nonce: str) -> str:
        text = f"{encoded({'alg': alg, 'kid': 'one'})}.{encoded(claims(rogue, nonce))}"
        return f"{text}.{encoded(sign(text.encode()))}"

    return lambda rogue: lambda nonce: make(rogue, nonce)


def public_pem() -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return KEY.public_key().public_bytes(serialization.Encoding.PEM, form)


async def sign_on(service: ServiceUnderTest, rogue: Rogue, make: Make):
    rogue.plan.id_token = make(rogue)
    left = await service.http.get(PATH)
    assert left.status_code == 302, left.text
    async with httpx2.AsyncClient() as browser:
        back = await browser.get(left.headers["location"])
    return await service.http.get(back.headers["location"])


async def test_g6_1_a_good_token_is_believed_and_the_verifier_is_sent(service: ServiceUnderTest, rogue: Rogue):
    """So that in the others it is what was changed that is refused."""
    answer = await sign_on(service, rogue, signed())
    assert answer.status_code == 200, answer.text
    (request,) = rogue.plan.token_requests
    assert (request["grant_type"], request["code"]) == ("authorization_code", "a-code")
    assert len(request["code_verifier"]) >= 43
    assert request["redirect_uri"] == "http://service" + CALLBACK


FORGED: dict[str, Make] = {
    "alg none": by_hand("none", lambda _: b""),
    "HS256 with the public key": by_hand("HS256", lambda text: hmac.digest(public_pem(), text, hashlib.sha256)),
    "HS256 with our secret": by_hand("HS256", lambda text: hmac.digest(b"a secret", text, hashlib.sha256)),
    "an algorithm that was not agreed on": signed(CURVE, "ES256", "curve"),
    "a foreign key": signed(FOREIGN),
    "a key that is not published": signed(FOREIGN, kid="two"),
    "another issuer": signed(iss="https://evil.test"),
    "the issuer with a slash": lambda rogue: signed(iss=f"{rogue.issuer}/")(rogue),
    "no issuer": signed(iss=ABSENT),
    "another audience": signed(aud="another"),
    "audiences besides us": signed(aud=["leadwire", "another"], azp="leadwire"),
    "no audience": signed(aud=ABSENT),
    "another party": signed(azp="another"),
    "expired": signed(iat=1_700_000_000, exp=1_700_000_060),
    "no expiry": signed(exp=ABSENT),
    "from the future": signed(iat=int(time.time()) + 3600, nbf=int(time.time()) + 3600),
    "no subject": signed(sub=ABSENT),
    "an empty subject": signed(sub=""),
    "a subject that is a number": signed(sub=1),
    "a subject that is longer than any": signed(sub="a" * 256),
    "a subject of other letters": signed(sub="аnn"),  # noqa: RUF001 -- not the a it looks like
    "another nonce": signed(nonce="another"),
    "no nonce": signed(nonce=ABSENT),
    "an empty nonce": signed(nonce=""),
    "another access token's hash": signed(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "no token": lambda _: lambda _: None,
    "garbage": lambda _: lambda _: "a.b.c",
    "a number": lambda _: lambda _: 1,
}


@pytest.mark.parametrize("forgery", FORGED)
async def test_g6_1_a_forged_id_token_signs_nobody_in(service: ServiceUnderTest, rogue: Rogue, forgery: str):
    answer = await sign_on(service, rogue, FORGED[forgery])
    assert (answer.status_code, answer.json()["code"]) == (401, "sign-on-refused")
    assert await service.db.pool.fetchval("SELECT count(*) FROM sessions") == 0


@pytest.mark.parametrize("verified", [False, "true", "yes", 1, None, [], ABSENT])
async def test_g6_1_verified_is_true_and_nothing_else(service: ServiceUnderTest, rogue: Rogue, verified: Any):
    answer = await sign_on(service, rogue, signed(email_verified=verified))
    assert (answer.status_code, answer.json()["code"]) == (401, "sign-on-no-user")


@pytest.mark.parametrize("email", [ABSENT, "", None, 1, [EMAIL], "nobody@example.test", EMAIL + "\x00", f"{EMAIL},a@b"])
async def test_g6_1_the_address_is_an_active_users(service: ServiceUnderTest, rogue: Rogue, email: Any):
    answer = await sign_on(service, rogue, signed(email=email))
    assert (answer.status_code, answer.json()["code"]) == (401, "sign-on-no-user")


async def test_g6_1_keys_that_the_provider_exchanged_are_fetched_but_not_at_every_token(
    service: ServiceUnderTest, rogue: Rogue
):
    now = [0.0]
    registration = service.app.http.state.sign_on.provider._registration
    provider = Provider(registration, lambda: now[0])
    service.app.http.state.sign_on = SignOn(service.db, provider, service.app.http.state.sign_in)
    assert (await sign_on(service, rogue, signed())).status_code == 200
    rogue.plan.keys = {"keys": [jwk(FOREIGN, "two", "RS256")]}
    now[0] = 5
    for _ in range(3):
        assert (await sign_on(service, rogue, signed(FOREIGN, kid="two"))).status_code == 401
    assert rogue.plan.key_requests == 1
    now[0] = 20
    assert (await sign_on(service, rogue, signed(FOREIGN, kid="two"))).status_code == 200
    assert rogue.plan.key_requests == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.test"},
        {"token_endpoint": "ftp://evil.test/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
        {"token_endpoint": 1},
    ],
)
async def test_g6_1_what_discovery_must_not_say(service: ServiceUnderTest, rogue: Rogue, metadata: dict[str, Any]):
    rogue.plan.metadata = metadata
    answer = await service.http.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (503, "provider-unavailable")
