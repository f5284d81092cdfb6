"""ADR 19: which key signs."""

import jwt
import pytest
from identity_svc.signing import SigningKeys
from servicekit.identity import Identity, IdentitySigner, IdentityVerifier
from servicekit.keys import generate_signing_key, key_id, public_key_set
from servicekit.settings import read_key_set

ONE, TWO = generate_signing_key(), generate_signing_key()
ADMIN = Identity("usr_1", "admin")


class Keys:
    """What the two files say."""

    def __init__(self) -> None:
        self.private = SigningKeys.parse(ONE)
        self.public = read_key_set(public_key_set(ONE))

    def signer(self) -> SigningKeys:
        def private() -> IdentitySigner:
            return self.private

        return SigningKeys(private, lambda: self.public)


def test_g6_2_the_first_of_several_keys_signs():
    assert SigningKeys.parse(ONE + TWO).key_id == key_id(ONE)
    assert SigningKeys.parse(TWO + ONE).key_id == key_id(TWO)
    with pytest.raises(ValueError, match="PEM"):
        SigningKeys.parse("")
    with pytest.raises(ValueError, match=r".*"):
        SigningKeys.parse(ONE + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")


def test_g6_2_a_key_signs_only_when_the_published_set_names_it():
    keys = Keys()
    signer = keys.signer()
    keys.private = SigningKeys.parse(TWO)
    assert _kid(signer) == key_id(ONE)
    keys.public = read_key_set(public_key_set(ONE + TWO))
    assert _kid(signer) == key_id(TWO)
    assert IdentityVerifier(keys.public).verify(signer.sign(ADMIN)) == ADMIN


def _kid(signer: SigningKeys) -> str:
    return jwt.get_unverified_header(signer.sign(ADMIN))["kid"]
