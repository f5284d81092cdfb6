"""The signed identity: whatever is forged is refused."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from servicekit.identity import AUDIENCE, ISSUER, TOKEN_TYPE, Identity, IdentitySigner, IdentityVerifier
from servicekit.keys import generate_signing_key, key_id, public_key_set, signer_of
from servicekit.problems import DomainError
from servicekit.settings import read_key_set

OURS, FOREIGN = generate_signing_key(), generate_signing_key()
ADMIN = Identity("usr_1", "admin", frozenset({"a", "b"}), frozenset({"spo_1", "spo_2"}), None, frozenset({"leads"}))


def private(pem: str) -> Any:
    return load_pem_private_key(pem.encode(), None)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 60, "sub": "usr_1", "lvl": "admin"}
    named = good | {"prm": [], "spo": [], "pgs": [], "ptr": None} | changes
    return {name: value for name, value in named.items() if value != "absent"}


def token(pem: str = OURS, headers: dict[str, Any] | None = None, **changes: Any) -> str:
    head = {"kid": key_id(OURS), "typ": TOKEN_TYPE} | (headers or {})
    return jwt.encode(claims(**changes), private(pem), "EdDSA", head)


def unsigned(head: dict[str, Any], signature: str = "") -> str:
    parts = [json.dumps(part).encode() for part in ({"kid": key_id(OURS), "typ": TOKEN_TYPE} | head, claims())]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), signature])


@pytest.fixture
def verifier() -> IdentityVerifier:
    return IdentityVerifier(read_key_set(public_key_set(OURS)))


def test_g6_2_what_is_signed_is_read(verifier: IdentityVerifier):
    assert verifier.verify(signer_of(OURS).sign(ADMIN)) == ADMIN
    assert verifier.verify(token()).user_id == "usr_1"


def test_s0_11_a_sponsor_account_sees_its_sponsors_on_its_pages_only():
    agency = replace(ADMIN, access_level="sponsor")
    assert agency.sponsors_on("leads") == agency.sponsors_on("exports", "leads") == agency.sponsors_on()
    assert agency.sponsors_on() == ("spo_1", "spo_2")
    nothing: list[dict[str, Any]] = [
        {"sponsor_ids": frozenset()},
        {"pages": frozenset()},
        {"pages": frozenset({"exports"})},
    ]
    for account in (ADMIN, *(replace(agency, **changes) for changes in nothing)):
        with pytest.raises(DomainError) as refused:
            account.sponsors_on("leads")
        assert refused.value.kind == 403


def public_pem() -> bytes:
    return (
        private(OURS)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def hs256() -> str:
    head_and_claims = unsigned({"alg": "HS256"}).rpartition(".")[0]
    digest = hmac.digest(public_pem(), head_and_claims.encode(), hashlib.sha256)
    return f"{head_and_claims}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


FORGERIES = {
    "alg none": lambda: unsigned({"alg": "none"}),
    "alg None": lambda: unsigned({"alg": "None"}),
    "EdDSA without signature": lambda: unsigned({"alg": "EdDSA"}),
    "HS256 with the public key": hs256,
    "another key": lambda: token(FOREIGN),
    "another key that names itself": lambda: token(FOREIGN, {"kid": key_id(FOREIGN)}),
    "unknown kid": lambda: token(headers={"kid": "x"}),
    "jwk in the header": lambda: token(FOREIGN, {"jwk": json.loads(public_key_set(FOREIGN))["keys"][0]}),
    "jku in the header": lambda: token(FOREIGN, {"jku": "https://evil.test/keys", "kid": key_id(FOREIGN)}),
    "x5u in the header": lambda: token(FOREIGN, {"x5u": "https://evil.test/cert"}),
    "another issuer": lambda: token(iss="evil"),
    "another audience": lambda: token(aud="leadwire-partners"),
    "no audience": lambda: token(aud="absent"),
    "no issuer": lambda: token(iss="absent"),
    "expired": lambda: token(exp=int(time.time()) - 30),
    "no expiry": lambda: token(exp="absent"),
    "from the future": lambda: token(iat=int(time.time()) + 300),
    "another type": lambda: token(headers={"typ": "JWT"}),
    "unknown critical header": lambda: token(headers={"crit": ["x"], "x": 1}),
    "sponsors as one word": lambda: token(spo="spo_1"),
    "sponsors that are no words": lambda: token(spo=[1]),
    "pages as one word": lambda: token(pgs="leads"),
    "no pages": lambda: token(pgs="absent"),
    "no level": lambda: token(lvl="absent"),
    "garbage": lambda: "a.b.c",
    "nothing": lambda: "",
    "not ASCII": lambda: "é",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_identities_are_refused(verifier: IdentityVerifier, forgery: str):
    with pytest.raises(DomainError) as refused:
        verifier.verify(FORGERIES[forgery]())
    assert refused.value.kind == 401


def test_a_changed_byte_is_noticed(verifier: IdentityVerifier):
    good = token()
    for place in range(0, len(good), 7):
        changed = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        with pytest.raises(DomainError):
            verifier.verify(changed)


def test_an_identity_that_was_good_is_not_good_for_ever(verifier: IdentityVerifier, monkeypatch: pytest.MonkeyPatch):
    given = signer_of(OURS).sign(ADMIN)
    verifier.verify(given)
    later = time.time() + 70
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr("jwt.api_jwt.datetime", _Clock)
    with pytest.raises(DomainError):
        verifier.verify(given)


class _Clock:
    @staticmethod
    def now(tz: Any = None):
        return datetime.now(tz) + timedelta(seconds=70)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{}",
        '{"keys": []}',
        '{"keys": [{}]}',
        '{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "a"}]}',
    ],
)
def test_key_sets_that_are_none_are_refused(document: str):
    with pytest.raises(ValueError, match="identity keys"):
        read_key_set(document)


def test_a_key_set_with_a_private_key_is_refused():
    document = json.loads(public_key_set(OURS))
    document["keys"][0]["d"] = "AAAA"
    with pytest.raises(ValueError, match="public Ed25519"):
        read_key_set(json.dumps(document))


def test_signing_needs_an_ed25519_key():
    assert isinstance(signer_of(OURS), IdentitySigner)
    with pytest.raises(ValueError, match="PEM"):
        signer_of("no key")
