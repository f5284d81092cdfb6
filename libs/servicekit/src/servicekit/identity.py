"""Who is calling: a short-lived identity signed by identity-svc, which every service verifies itself."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

import jwt
from fastapi import Depends, Request
from messaging.sight import EVERYTHING, NOTHING, Sight, see

from servicekit.identity_token import AUDIENCE, ISSUER, LIFETIME_SECONDS, decode_token, encode_token
from servicekit.problems import DomainError, Kind, forbidden

HEADER = "x-leadwire-identity"
STAFF = frozenset({"admin", "supervisor", "call_centre", "integration"})
READING = frozenset({"GET", "HEAD", "OPTIONS"})
Restricted = Literal["all", "reads", "none"]
# What a sponsor account may be allowed to open (S0.11).
PAGES: Final = frozenset({"overview", "statistics", "leads", "contact_lists", "products", "exports"})
_CACHE_SIZE = 10_000


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in person or program. `user_id` is also the agent id of a leads agent.

    `sponsor_ids` and `pages` are those of a sponsor account: an agency stands over several sponsors (S0.11).
    """

    user_id: str
    access_level: str
    permissions: frozenset[str] = field(default_factory=frozenset)
    sponsor_ids: frozenset[str] = frozenset()
    partner_id: str | None = None
    pages: frozenset[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        return self.access_level == "admin"

    @property
    def is_supervisor(self) -> bool:
        """Supervisors, and admins, who may do all that supervisors may."""
        return self.access_level in {"admin", "supervisor"}

    def require(self, *levels: str, permission: str | None = None) -> None:
        """Raises 403 unless the access level is one of `levels` or the permission is granted."""
        if self.access_level in levels or (permission is not None and permission in self.permissions):
            return
        raise forbidden()

    def sponsors_on(self, *pages: str) -> tuple[str, ...]:
        """Whose rows a sponsor account sees where one of `pages` is opened; of any page, if none is named.

        Raises 403 for accounts that may open none of them, and for everybody else.
        """
        if self.access_level != "sponsor" or not self.sponsor_ids:
            raise forbidden()
        if self.pages.isdisjoint(pages or PAGES):
            raise forbidden("page-forbidden", "This account may not open this page.")
        return tuple(sorted(self.sponsor_ids))


class IdentitySigner:
    """Held by identity-svc (and by tests). `private_key` is an Ed25519 key as PyJWT takes it."""

    def __init__(self, private_key: Any, key_id: str) -> None:
        self._private_key = private_key
        self.key_id = key_id

    def sign(self, identity: Identity) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "sub": identity.user_id,
            "lvl": identity.access_level,
            "prm": sorted(identity.permissions),
            "spo": sorted(identity.sponsor_ids),
            "pgs": sorted(identity.pages),
            "ptr": identity.partner_id,
        }
        return encode_token(claims, self._private_key, self.key_id)


class IdentityVerifier:
    """Verifies against a pinned key set `{kid: public key}`; anything odd is refused.

    The set may be a function that gives another one once keys were replaced: then nothing that was believed under the
    old set is remembered.
    """

    def __init__(self, keys: Mapping[str, Any] | Callable[[], Mapping[str, Any]]) -> None:
        self._key_set = keys if callable(keys) else lambda: keys
        self._keys = self._key_set()
        self._seen: dict[str, tuple[float, Identity]] = {}

    def verify(self, token: str) -> Identity:
        """Raises DomainError 401."""
        keys = self._key_set()
        if keys is not self._keys:
            self._keys = keys
            self._seen.clear()
        seen = self._seen.get(token)
        if seen is not None and seen[0] > time.time():
            return seen[1]
        try:
            claims = decode_token(token, keys)
        except (jwt.PyJWTError, ValueError):
            raise unauthenticated() from None
        identity = Identity(
            user_id=claims["sub"],
            access_level=claims["lvl"],
            permissions=frozenset(claims["prm"]),
            sponsor_ids=frozenset(claims["spo"]),
            partner_id=claims["ptr"],
            pages=frozenset(claims["pgs"]),
        )
        if len(self._seen) >= _CACHE_SIZE:
            self._seen.clear()
        self._seen[token] = (float(claims["exp"]), identity)
        return identity


def unauthenticated(detail: str = "Sign in, or send a valid token or key.") -> DomainError:
    return DomainError(Kind.UNAUTHENTICATED, "unauthenticated", detail, headers={"WWW-Authenticate": "Bearer"})


def current_identity(request: Request) -> Identity:
    """Raises DomainError 401."""
    tokens = request.headers.getlist(HEADER)
    if len(tokens) != 1:  # the gateway sets it once: a second one is not the gateway's
        raise unauthenticated()
    verifier: IdentityVerifier = request.app.state.identity_verifier
    caller = verifier.verify(tokens[0])
    see_as(request, caller)
    return caller


def sight_of(caller: Identity) -> Sight:
    """The rows that the database shows to the caller, whatever a statement asks for. Staff: every row."""
    if caller.access_level in STAFF:
        return EVERYTHING
    match caller.access_level:
        case "sponsor":
            return Sight(sponsor_ids=caller.sponsor_ids)
        case "partner":
            return Sight(partner_id=caller.partner_id or "")
        case "leads_agent":
            return Sight(agent_id=caller.user_id, permissions=frozenset(caller.permissions))
        case _:
            return NOTHING


def see_as(request: Request, caller: Identity) -> None:
    """For the rest of the request the database shows what the caller may see; nobody need think of it."""
    if is_restricted(request.app.state.restricted, request.method):
        see(sight_of(caller))


def is_restricted(restricted: Restricted, method: str) -> bool:
    """Whether the database itself shows the callers of such requests their own rows only."""
    return restricted == "all" or (restricted == "reads" and method in READING)


async def _caller(request: Request) -> Identity:
    """A dependency that is a plain function would be run in a thread."""
    return current_identity(request)


Caller = Annotated[Identity, Depends(_caller)]


def allow(caller: Identity, levels: Collection[str]) -> None:
    """Raises 403 unless the caller's access level is one of `levels`."""
    caller.require(*levels)
