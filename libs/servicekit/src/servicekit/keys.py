"""The Ed25519 key with which identity-svc signs, and the public key set that every service is given."""

import base64
import hashlib
import json
import re

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from servicekit.identity import IdentitySigner

_PEM = re.compile(r"-----BEGIN PRIVATE KEY-----.+?-----END PRIVATE KEY-----", re.DOTALL)


def generate_signing_key() -> str:
    """A new private key as PEM."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


def split_keys(pems: str) -> list[str]:
    """The private keys of a text that holds one or more, in order; raises ValueError without any.

    The first one signs. Others are held because they will sign next, or did until a moment ago.
    """
    keys = [found.group() + "\n" for found in _PEM.finditer(pems.replace("\\n", "\n"))]
    if not keys:
        raise ValueError("there is no private key in PEM")
    return keys


def public_key_set(private_pems: str) -> str:
    """The JSON Web Key Set for the setting `LEADWIRE_IDENTITY_KEYS`; raises ValueError for another kind of key."""
    return json.dumps({"keys": [_public_jwk(pem) for pem in split_keys(private_pems)]})


def key_id(private_pem: str) -> str:
    """The JWK thumbprint (RFC 7638): the same key has the same name everywhere."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(_public_bytes(private_pem))}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def signer_of(private_pem: str) -> IdentitySigner:
    """Raises ValueError unless it is an Ed25519 private key."""
    return IdentitySigner(_load(private_pem), key_id(private_pem))


def _public_jwk(private_pem: str) -> dict[str, str]:
    x = _base64url(_public_bytes(private_pem))
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": key_id(private_pem), "alg": "EdDSA", "use": "sig"}


def _load(private_pem: str) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the identity key must be an Ed25519 private key")  # noqa: TRY004 -- the value of a setting
    return key


def _public_bytes(private_pem: str) -> bytes:
    public = _load(private_pem).public_key()
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
