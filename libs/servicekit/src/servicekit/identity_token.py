"""The signed identity as a token: one exact form, and whatever differs from it is refused.

Only identity-svc makes these tokens, so nothing that a JWT may be has to be understood here (RFC 8725).
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

import jwt

from servicekit import strict_json
from servicekit.problems import DomainError

ISSUER = "leadwire-identity"
AUDIENCE = "leadwire-services"
TOKEN_TYPE = "leadwire-identity+jwt"  # noqa: S105 -- a media type, not a secret
ALGORITHM = "EdDSA"
LIFETIME_SECONDS = 60
CLOCK_SKEW_SECONDS = 5
ACCESS_LEVELS = frozenset({"admin", "supervisor", "leads_agent", "call_centre", "sponsor", "partner", "integration"})
_MAX_BYTES = 16 * 1024
_HEADER = ["alg", "kid", "typ"]
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_NAME = re.compile(r"[!-~]{1,200}")


class NotOurs(jwt.InvalidTokenError):
    """It is signed by nobody we know, or not what identity-svc signs."""


def encode_token(claims: Mapping[str, Any], private_key: Any, key_id: str) -> str:
    return jwt.encode(dict(claims), private_key, ALGORITHM, {"kid": key_id, "typ": TOKEN_TYPE})


def decode_token(token: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Its claims, each of the type that it has to be; raises jwt.PyJWTError."""
    segments = token.split(".")
    if len(token) > _MAX_BYTES or len(segments) != 3:
        raise NotOurs
    header, payload, _ = (_bytes_of(segment) for segment in segments)
    key = keys.get(_key_id(_object(header)))
    if key is None:
        raise NotOurs
    jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        issuer=ISSUER,
        audience=AUDIENCE,
        leeway=CLOCK_SKEW_SECONDS,
        options={"require": ["iss", "aud", "iat", "exp", "sub"], "strict_aud": True},
    )
    claims = _object(payload)
    _check(claims)
    return claims


def _bytes_of(segment: str) -> bytes:
    """Of two spellings of the same bytes only one is right: padding, white space and left-over bits are refused."""
    if not _SEGMENT.fullmatch(segment):
        raise NotOurs
    try:
        decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise NotOurs from None
    if base64.urlsafe_b64encode(decoded).decode().rstrip("=") != segment:
        raise NotOurs
    return decoded


def _object(document: bytes) -> dict[str, Any]:
    """Readers differ about a key that stands there twice, so it may not."""
    try:
        value = strict_json.parse(document)
    except DomainError:
        raise NotOurs from None
    if not isinstance(value, dict):
        raise NotOurs
    return value


def _key_id(header: Mapping[str, Any]) -> str:
    """A key, or the address of one, that the token brings along is no reason to believe it."""
    if sorted(header) != _HEADER or header["typ"] != TOKEN_TYPE or header["alg"] != ALGORITHM:
        raise NotOurs
    key_id = header["kid"]
    if not isinstance(key_id, str):
        raise NotOurs
    return key_id


def _check(claims: Mapping[str, Any]) -> None:
    """A claim that is missing is refused; one that we do not know is of a newer version, and ignored."""
    issued, expires = claims["iat"], claims["exp"]
    lived = expires - issued if type(issued) is int and type(expires) is int else 0
    fits = (
        0 < lived <= LIFETIME_SECONDS
        and _is_name(claims["sub"])
        and _is_name(claims.get("lvl"))
        and claims["lvl"] in ACCESS_LEVELS
        and all(_are_names(claims.get(name)) for name in ("prm", "spo", "pgs"))
        and "ptr" in claims
        and (claims["ptr"] is None or _is_name(claims["ptr"]))
    )
    if not fits:
        raise NotOurs


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(_is_name(name) for name in value)
