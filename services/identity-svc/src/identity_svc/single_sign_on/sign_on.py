"""Signs a person in whom the provider knows and who is an active user here (docs/adr/0020)."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

from identity_svc.sessions.sign_in import Client, Session, SignIn
from identity_svc.single_sign_on import store
from identity_svc.single_sign_on.provider import Authorized, Provider, sign_on_refused
from identity_svc.users.model import normalise_email

LIFETIME = timedelta(minutes=10)
MAX_SUBJECT = 255
# RFC 8176: what the provider says when it asked for more than a password.
_SECOND_FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "sc", "fpt", "face", "iris", "vbm"})


@dataclass(frozen=True)
class Departure:
    """`browser` goes into a cookie: only that browser can come back with the state."""

    url: str
    browser: str


@dataclass(frozen=True)
class Return:
    browser: str
    state: str
    code: str
    issuer: str | None
    client: Client


@dataclass(frozen=True)
class SignOn:
    database: Database
    provider: Provider
    sign_in: SignIn

    async def depart(self, return_to: str, former: bytes | None) -> Departure:
        """The former session is remembered here: its cookie does not travel with the provider's redirect."""
        state, browser, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        flow = store.Flow(secrets.token_urlsafe(32), verifier, return_to, former)
        url = await self.provider.authorization_url(state, flow.nonce, verifier)
        async with self.database.unit_of_work() as work:
            await store.insert(work, _hash(state), _hash(browser), flow, LIFETIME)
        return Departure(url, browser)

    async def come_back(self, back: Return) -> tuple[Session, str]:
        """The session, and where to go on. Raises 401 for whoever is no active user here.

        The state is used up at once, whatever comes of it.
        """
        async with self.database.unit_of_work() as work:
            flow = await store.take(work, _hash(back.state), _hash(back.browser))
        if flow is None:
            raise sign_on_refused("sign-on-unknown")
        if not back.code or back.issuer not in (None, self.provider.issuer):
            raise sign_on_refused()  # it said no, or it is another provider's answer (RFC 9207)
        claims = await self.provider.claims_of(Authorized(back.code, flow.code_verifier, flow.nonce))
        async with self.database.unit_of_work() as work:
            person = await self._person(work, claims)
            if person is None or not person.active:
                raise sign_on_refused("sign-on-no-user")
            if person.needs_second_factor and not had_second_factor(claims):
                raise sign_on_refused("sign-on-needs-second-factor")
            client = replace(back.client, former=back.client.former or flow.former_hash)
            return await self.sign_in.open(work, person.user_id, "oidc", client), flow.return_to

    async def _person(self, work: UnitOfWork, claims: Mapping[str, Any]) -> store.Person | None:
        """By the address the first time, and by the subject from then on, whatever address it has."""
        who = store.Subject(self.provider.issuer, subject_of(claims))
        person = await store.find_bound(work, who)
        email = verified_email(claims)
        if person is None and email is not None:
            await store.bind(work, who, normalise_email(email))
            person = await store.find_bound(work, who)
        return person


def subject_of(claims: Mapping[str, Any]) -> str:
    """Raises 401 for what no provider says (OpenID Connect Core, 2: up to 255 ASCII characters)."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isascii() or "\0" in subject:
        raise sign_on_refused()
    return subject


def verified_email(claims: Mapping[str, Any]) -> str | None:
    """None unless the provider vouches for it: `true`, and nothing that only looks like it."""
    email = claims.get("email")
    if not isinstance(email, str) or not email or "\0" in email:
        return None
    return email if claims.get("email_verified") is True else None


def had_second_factor(claims: Mapping[str, Any]) -> bool:
    methods = claims.get("amr")
    return isinstance(methods, list) and any(method in _SECOND_FACTORS for method in methods if isinstance(method, str))


def _hash(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()
