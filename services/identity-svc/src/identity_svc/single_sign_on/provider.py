"""The OpenID provider: discovery, the exchange of a code, and the proof of who it was (by Authlib)."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from servicekit.identity import unauthenticated
from servicekit.problems import DomainError, Kind

PATH = "/v1/sessions/oidc"
CALLBACK = f"{PATH}/callback"
SCOPE = "openid email"
CLOCK_SKEW_SECONDS = 30
METADATA_SECONDS = 600
# Who sends unknown key ids must not make us ask the provider each time.
KEYS_SECONDS = 10
TIMEOUT_SECONDS = 10
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What the provider and we agreed on. The issuer and the algorithms are pinned, whatever discovery says."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    algorithms: Sequence[str]


@dataclass(frozen=True)
class Authorized:
    """What came back, and what it has to fit."""

    code: str
    code_verifier: str
    nonce: str


@dataclass
class _Known:
    value: Any = None
    until: float = field(default=0.0)


class Provider:
    def __init__(self, registration: Registration, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer = registration.issuer
        self._registration = registration
        self._clock = clock
        self._metadata = _Known()
        self._keys = _Known()

    async def authorization_url(self, state: str, nonce: str, code_verifier: str) -> str:
        """Where the browser goes. Raises 503 while the provider cannot be asked."""
        async with self._client() as client:
            endpoint = (await self._discover(client))["authorization_endpoint"]
            url, _ = client.create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=code_verifier)
        return str(url)

    async def claims_of(self, authorized: Authorized) -> dict[str, Any]:
        """The verified claims of the ID token. Raises 401 unless all is as it has to be, 503 while it cannot be asked.

        Of the provider's answers only the ID token counts, so a mixed-up access token says nothing.
        """
        async with self._client() as client:
            metadata = await self._discover(client)
            try:
                token: dict[str, Any] = await client.fetch_token(
                    metadata["token_endpoint"], code=authorized.code, code_verifier=authorized.code_verifier
                )
                return await self._verified(client, token, authorized.nonce)
            except (OAuthError, JoseError, ValueError, KeyError, TypeError) as error:
                raise sign_on_refused() from error
            except httpx2.HTTPError as error:
                raise _unavailable() from error

    async def _verified(self, client: Any, token: dict[str, Any], nonce: str) -> dict[str, Any]:
        registry = JWSRegistry(algorithms=list(self._registration.algorithms), strict_check_header=False)
        try:
            decoded = jwt.decode(token["id_token"], await self._key_set(client), registry=registry)
        except InvalidKeyIdError:
            decoded = jwt.decode(
                token["id_token"], await self._key_set(client, at_most=KEYS_SECONDS), registry=registry
            )
        expected = {"iss": {"essential": True, "values": [self._registration.issuer]}}
        agreed = {"nonce": nonce, "client_id": self._registration.client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(decoded.claims, decoded.header, expected, agreed)
        claims.validate(leeway=CLOCK_SKEW_SECONDS)
        if not _is_for(claims["aud"], self._registration.client_id):
            raise ValueError("meant for somebody else")
        return dict(claims)

    async def _discover(self, client: Any) -> dict[str, Any]:
        async def fetch() -> dict[str, Any]:
            metadata = await _get(client, get_well_known_url(self._registration.issuer, external=True))
            if metadata.get("issuer") != self._registration.issuer:
                raise _unavailable()
            if not all(_as_safe_as(metadata.get(name), self._registration.issuer) for name in _ENDPOINTS):
                raise _unavailable()
            return metadata

        return await self._remembered(self._metadata, METADATA_SECONDS, fetch)

    async def _key_set(self, client: Any, at_most: float = METADATA_SECONDS) -> KeySet:
        """A set that is no older than `at_most` seconds."""

        async def fetch() -> KeySet:
            document: Any = await _get(client, (await self._discover(client))["jwks_uri"])
            return KeySet.import_key_set(document)

        if self._keys.until - METADATA_SECONDS + at_most < self._clock():
            self._keys.until = 0.0
        return await self._remembered(self._keys, METADATA_SECONDS, fetch)

    async def _remembered(self, known: _Known, seconds: float, fetch: Callable[[], Awaitable[Any]]) -> Any:
        if known.until <= self._clock():
            known.value = await fetch()
            known.until = self._clock() + seconds
        return known.value

    def _client(self) -> Any:  # an httpx2.AsyncClient, which Authlib does not say in types
        registration = self._registration
        return AsyncOAuth2Client(
            client_id=registration.client_id,
            client_secret=registration.client_secret,
            redirect_uri=registration.redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
        )


async def _get(client: Any, url: str) -> dict[str, Any]:
    try:
        answer = await client.request("GET", url, withhold_token=True)
        answer.raise_for_status()
        document = answer.json()
    except (httpx2.HTTPError, ValueError) as error:
        raise _unavailable() from error
    if not isinstance(document, dict):
        raise _unavailable()
    return document


def _is_for(audience: object, client_id: str) -> bool:
    return audience in (client_id, [client_id])


def _as_safe_as(url: object, issuer: str) -> bool:
    """Discovery must not send a code, or the browser, out of TLS."""
    return isinstance(url, str) and url.startswith(("https://", f"{issuer.partition('://')[0]}://"))


def sign_on_refused(code: str = "sign-on-refused") -> DomainError:
    error = unauthenticated("The sign-on was not accepted. Start again.")
    error.code = code
    return error


def _unavailable() -> DomainError:
    return DomainError(
        Kind.UNAVAILABLE,
        "provider-unavailable",
        "The provider of single sign-on does not answer as it should.",
        headers={"Retry-After": "5"},
    )
