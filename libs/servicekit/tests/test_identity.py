"""The signed identity, and the key sets that say whom to believe."""

import json
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from servicekit.identity import Identity, IdentitySigner, IdentityVerifier
from servicekit.keys import generate_signing_key, public_key_set, signer_of
from servicekit.problems import DomainError
from servicekit.settings import read_key_set

OURS, FOREIGN = generate_signing_key(), generate_signing_key()
ADMIN = Identity("usr_1", "admin", frozenset({"a", "b"}), frozenset({"spo_1", "spo_2"}), None, frozenset({"leads"}))


@pytest.fixture
def verifier() -> IdentityVerifier:
    return IdentityVerifier(read_key_set(public_key_set(OURS)))


def test_g6_2_what_is_signed_is_read(verifier: IdentityVerifier):
    assert verifier.verify(signer_of(OURS).sign(ADMIN)) == ADMIN


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


def test_a_changed_byte_is_noticed(verifier: IdentityVerifier):
    good = signer_of(OURS).sign(ADMIN)
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
