"""Tokens made by hand: any header, any claims, any signature."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from servicekit.identity_token import AUDIENCE, ISSUER, TOKEN_TYPE
from servicekit.keys import generate_signing_key, key_id, public_key_set

OURS, FOREIGN = generate_signing_key(), generate_signing_key()
ABSENT = object()
_ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
Sign = Callable[[bytes], bytes]


def private(pem: str) -> Any:
    return serialization.load_pem_private_key(pem.encode(), None)


def by(pem: str) -> Sign:
    return private(pem).sign


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 60, "sub": "usr_1", "lvl": "admin"}
    return _without_absent(good | {"prm": [], "spo": [], "pgs": [], "ptr": None} | changes)


def header(**changes: Any) -> dict[str, Any]:
    return _without_absent({"alg": "EdDSA", "kid": key_id(OURS), "typ": TOKEN_TYPE} | changes)


def _without_absent(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not ABSENT}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def raw(head: str, payload: str, sign: Sign) -> str:
    """Of two texts, whatever they say."""
    signed = f"{b64(head.encode())}.{b64(payload.encode())}"
    return f"{signed}.{b64(sign(signed.encode()))}"


def token(sign: Sign | None = None, head: dict[str, Any] | None = None, **changed_claims: Any) -> str:
    """Signed with our key unless told otherwise."""
    return raw(json.dumps(header(**(head or {}))), json.dumps(claims(**changed_claims)), sign or by(OURS))


def public_pem() -> bytes:
    format_ = serialization.PublicFormat.SubjectPublicKeyInfo
    return private(OURS).public_key().public_bytes(serialization.Encoding.PEM, format_)


def public_raw() -> bytes:
    return private(OURS).public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def hs256(secret: bytes, **head: Any) -> str:
    return token(lambda signed: hmac.digest(secret, signed, hashlib.sha256), {"alg": "HS256"} | head)


def of_another_kind(algorithm: str, **head: Any) -> str:
    """Signed well, with a key of a kind that we do not use."""
    if algorithm in {"RS256", "PS256"}:
        key: Any = rsa.generate_private_key(65537, 2048)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(claims(), key, algorithm, {"kid": key_id(OURS), "typ": TOKEN_TYPE} | head)


def foreign_jwk() -> dict[str, Any]:
    return json.loads(public_key_set(FOREIGN))["keys"][0]


def with_signature(change: Callable[[bytes], bytes]) -> str:
    signed, _, signature = token().rpartition(".")
    return f"{signed}.{b64(change(base64.urlsafe_b64decode(signature + '==')))}"


def malleable(signature: bytes) -> bytes:
    """The same signature with S + L in place of S: a lax verifier takes both (RFC 8032, 5.1.7)."""
    s = int.from_bytes(signature[32:], "little") + _ED25519_ORDER
    return signature[:32] + s.to_bytes(32, "little")


def other_last_bits() -> str:
    """Another last character that decodes to the same bytes: 64 bytes leave four bits over."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    good = token()
    place = alphabet.index(good[-1])
    return good[:-1] + alphabet[place ^ 1]


def padded(part: int) -> str:
    parts = token().split(".")
    parts[part] += "=" * (-len(parts[part]) % 4 or 4)
    return ".".join(parts)


def spaced(part: int, character: str) -> str:
    parts = token().split(".")
    parts[part] = parts[part][:8] + character + parts[part][8:]
    return ".".join(parts)
