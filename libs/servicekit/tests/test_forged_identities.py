"""G6.2, security.md: identities forged in many ways, every one of which is refused."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from forging import (
    ABSENT,
    FOREIGN,
    OURS,
    b64,
    by,
    claims,
    foreign_jwk,
    header,
    hs256,
    malleable,
    of_another_kind,
    other_last_bits,
    padded,
    public_pem,
    public_raw,
    raw,
    spaced,
    token,
    with_signature,
)
from servicekit.identity import IdentityVerifier
from servicekit.identity_token import AUDIENCE, ISSUER, TOKEN_TYPE
from servicekit.keys import key_id, public_key_set
from servicekit.problems import DomainError
from servicekit.settings import read_key_set

Forge = Callable[[], str]


def nothing(_: bytes) -> bytes:
    return b""


def now(seconds: float = 0) -> int:
    return int(time.time() + seconds)


def claims_text(**changes: Any) -> str:
    return json.dumps(claims(**changes))


def instead(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


KEY_IDS: list[Any] = ["", "x", "../../../../dev/null", "/etc/passwd", "' OR 1=1 --", None, 0, True, [key_id(OURS)], {}]
ALGORITHMS: dict[str, Forge] = {
    **{f"alg {alg} unsigned": lambda alg=alg: token(nothing, {"alg": alg}) for alg in ("none", "None", "NONE", "nOnE")},
    **{
        f"alg {alg!r}": lambda alg=alg: token(head={"alg": alg}) for alg in ("", None, 1, ["EdDSA"], "eddsa", "Ed25519")
    },
    "alg none, well signed": lambda: token(head={"alg": "none"}),
    "no alg": lambda: token(head={"alg": ABSENT}),
    "EdDSA without a signature": lambda: token(nothing),
    "HS256 with the public key in PEM": lambda: hs256(public_pem()),
    "HS256 with the public key's bytes": lambda: hs256(public_raw()),
    "HS256 with the key id": lambda: hs256(key_id(OURS).encode()),
    "HS256 with nothing": lambda: hs256(b""),
    **{f"{alg} with a key of its kind": lambda alg=alg: of_another_kind(alg) for alg in ("RS256", "PS256", "ES256")},
    "another EdDSA key": lambda: token(by(FOREIGN)),
}
KEYS: dict[str, Forge] = {
    "another key that names itself": lambda: token(by(FOREIGN), {"kid": key_id(FOREIGN)}),
    "no kid": lambda: token(head={"kid": ABSENT}),
    **{f"kid {kid!r}": lambda kid=kid: token(head={"kid": kid}) for kid in KEY_IDS},
    "kid in other capitals": lambda: token(head={"kid": key_id(OURS).swapcase()}),
    "jwk in the header": lambda: token(by(FOREIGN), {"jwk": foreign_jwk()}),
    "jwk in the header, well signed": lambda: token(head={"jwk": foreign_jwk()}),
    "jwk that takes our key's name": lambda: token(by(FOREIGN), {"jwk": foreign_jwk() | {"kid": key_id(OURS)}}),
    "jku in the header": lambda: token(by(FOREIGN), {"jku": "https://evil.test/keys", "kid": key_id(FOREIGN)}),
    "x5u in the header": lambda: token(by(FOREIGN), {"x5u": "https://evil.test/cert"}),
    "x5c in the header": lambda: token(by(FOREIGN), {"x5c": ["MIIB"]}),
    "x5t in the header": lambda: token(head={"x5t": "abc"}),
}
HEADERS: dict[str, Forge] = {
    **{f"typ {typ!r}": lambda typ=typ: token(head={"typ": typ}) for typ in ("JWT", "at+jwt", TOKEN_TYPE.upper(), 1)},
    "no typ": lambda: token(head={"typ": ABSENT}),
    "an unknown critical header": lambda: token(head={"crit": ["x"], "x": 1}),
    "an empty list of critical headers": lambda: token(head={"crit": []}),
    "b64 false": lambda: token(head={"b64": False, "crit": ["b64"]}),
    "zip": lambda: token(head={"zip": "DEF"}),
    "cty of a nested JWT": lambda: token(head={"cty": "JWT"}),
    "a nested JWT": lambda: raw(json.dumps(header(cty="JWT")), token(), by(OURS)),
    "alg twice": lambda: raw(instead(json.dumps(header()), '"alg"', '"alg": "none", "alg"'), claims_text(), by(OURS)),
    "kid twice": lambda: raw(instead(json.dumps(header()), '"kid"', '"kid": "x", "kid"'), claims_text(), by(OURS)),
    "a header that is a list": lambda: raw(json.dumps([header()]), claims_text(), by(OURS)),
    "a header that is a number": lambda: raw("1", claims_text(), by(OURS)),
    "a header that is no JSON": lambda: raw("alg: EdDSA", claims_text(), by(OURS)),
    "a header with a byte order mark": lambda: raw("\ufeff" + json.dumps(header()), claims_text(), by(OURS)),
}
CLAIMS: dict[str, dict[str, Any]] = {
    **{f"no {name}": {name: ABSENT} for name in ("iss", "aud", "exp", "iat", "sub", "lvl", "prm", "spo", "pgs", "ptr")},
    **{f"iss {value!r}": {"iss": value} for value in ("evil", "", None, [ISSUER], ISSUER + "/", ISSUER.upper())},
    **{f"aud {value!r}": {"aud": value} for value in ("other", "", None, [], [AUDIENCE], [AUDIENCE, "other"], {})},
    "exp in the past": {"iat": now(-90), "exp": now(-30)},
    "exp now, not a second more": {"iat": now(-66), "exp": now(-6)},
    **{
        f"exp {value!r}": {"exp": value}
        for value in (0, -1, 2**63 - 1, 2**64, 10**30, "", str(now(60)), None, True, [now(60)], float("nan"))
    },
    "exp infinite": {"exp": float("inf")},
    "exp as a float": {"exp": float(now(60))},
    "a lifetime of an hour": {"exp": now(3600)},
    "a lifetime of a second too long": {"iat": now(-1), "exp": now(60)},
    "exp before iat": {"iat": now(4), "exp": now(3)},
    "iat in the future": {"iat": now(300), "exp": now(330)},
    **{f"iat {value!r}": {"iat": value} for value in ("yesterday", None, True, float("nan"), now() + 0.5)},
    "nbf in the future": {"nbf": now(86_400)},
    **{f"nbf {value!r}": {"nbf": value} for value in ("soon", [], float("inf"))},
    **{f"sub {value!r}": {"sub": value} for value in ("", None, 1, ["usr_1"], "usr_1 usr_2", "usr_1\n", "x" * 201)},
    **{f"lvl {value!r}": {"lvl": value} for value in ("", "root", "Admin", "admin ", None, 1, ["admin"], {"a": 1})},
    **{
        f"{name} {value!r}": {name: value}
        for name in ("prm", "spo", "pgs")
        for value in (None, "", "admin", {"a": 1}, [1], [None], [""], [["a"]], ["a b"], 7, True)
    },
    **{f"ptr {value!r}": {"ptr": value} for value in ("", 1, False, ["ptr_1"], {}, "ptr_1\x00")},
}
PAYLOADS: dict[str, Forge] = {
    "sub twice": lambda: raw(json.dumps(header()), instead(claims_text(), '"sub"', '"sub": "usr_2", "sub"'), by(OURS)),
    "lvl twice": lambda: raw(
        json.dumps(header()), instead(claims_text(), '"lvl"', '"lvl": "partner", "lvl"'), by(OURS)
    ),
    "claims that are a list": lambda: raw(json.dumps(header()), json.dumps([claims()]), by(OURS)),
    "claims that are null": lambda: raw(json.dumps(header()), "null", by(OURS)),
    "claims that are no JSON": lambda: raw(json.dumps(header()), "sub=usr_1", by(OURS)),
    "no claims": lambda: raw(json.dumps(header()), "", by(OURS)),
    "claims nested without end": lambda: raw(json.dumps(header()), '{"a":' * 900 + "1" + "}" * 900, by(OURS)),
    "far too long": lambda: token(more="x" * 20_000),
}
ENCODINGS: dict[str, Forge] = {
    "a signature that is cut": lambda: with_signature(lambda signature: signature[:63]),
    "half a signature": lambda: with_signature(lambda signature: signature[:32]),
    "a signature with a byte more": lambda: with_signature(lambda signature: signature + b"\0"),
    "a signature of zeros": lambda: with_signature(lambda _: bytes(64)),
    "a signature with its halves swapped": lambda: with_signature(lambda signature: signature[32:] + signature[:32]),
    "S + L in the signature": lambda: with_signature(malleable),
    "the same signature in other last bits": other_last_bits,
    **{f"padding in part {part}": lambda part=part: padded(part) for part in range(3)},
    **{
        f"{name} in part {part}": lambda part=part, character=character: spaced(part, character)
        for part in range(3)
        for name, character in {"a space": " ", "a new line": "\n", "a plus": "+", "NUL": "\0"}.items()
    },
    "white space before": lambda: " " + token(),
    "white space behind": lambda: token() + "\n",
    "a scheme before": lambda: "Bearer " + token(),
    "quotes around": lambda: f'"{token()}"',
    "two parts": lambda: token().rpartition(".")[0],
    "four parts": lambda: token() + ".",
    "five parts, as an encrypted one": lambda: f"{token()}.{b64(b'iv')}.{b64(b'tag')}",
    "a signature of another token": lambda: token(lvl="sponsor").rpartition(".")[0] + "." + token().split(".")[2],
    "a dot too many": lambda: token().replace(".", "..", 1),
    "garbage": lambda: "a.b.c",
    "nothing": lambda: "",
    "only dots": lambda: "..",
    "not ASCII": lambda: "é",
    "half a surrogate pair": lambda: "\ud800.a.b",
}
FORGERIES: dict[str, Forge] = {
    **ALGORITHMS,
    **KEYS,
    **HEADERS,
    **{name: lambda changes=changes: token(**changes) for name, changes in CLAIMS.items()},
    **PAYLOADS,
    **ENCODINGS,
}


@pytest.fixture
def verifier() -> IdentityVerifier:
    return IdentityVerifier(read_key_set(public_key_set(OURS)))


# Names hold keys and moments, which differ from process to process.
_IDS = [f"{number}-{name.split()[0]}" for number, name in enumerate(FORGERIES, start=1)]


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=_IDS)
def test_g6_2_a_forged_identity_is_refused(verifier: IdentityVerifier, forgery: Forge):
    verifier.verify(token())  # so that it is the change that is refused
    with pytest.raises(DomainError) as refused:
        verifier.verify(forgery())
    assert (refused.value.kind, refused.value.code) == (401, "unauthenticated")


def test_g6_2_there_are_more_than_sixty_of_them():
    assert len(FORGERIES) > 150


def test_g6_2_a_claim_of_a_newer_version_is_no_forgery(verifier: IdentityVerifier):
    assert verifier.verify(token(newer=1, nbf=now())).user_id == "usr_1"
