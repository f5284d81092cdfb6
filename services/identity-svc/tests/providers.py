"""OpenID providers on this machine: a real one, and one that signs whatever it is told."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
from embedded.ports import free_port
from servicekit.server import Address, serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route


@dataclass
class RealProvider:
    """oidc-provider-mock in a process of its own, made strict (`strict_provider.py`)."""

    issuer: str
    http: httpx2.AsyncClient
    client_id: str = "leadwire"
    client_secret: str = "a secret"

    async def registers(self, redirect_uri: str) -> None:
        """It knows us from now on, by this address to come back to."""
        answer = await self.http.post(f"{self.issuer}/oauth2/clients", json={"redirect_uris": [redirect_uri]})
        assert answer.status_code == 201, answer.text
        self.client_id, self.client_secret = answer.json()["client_id"], answer.json()["client_secret"]

    async def redeems(self, code: str, redirect_uri: str, **verifier: str) -> httpx2.Response:
        """What whoever has stolen a code would do, and our secret as well."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, **verifier}
        return await self.http.post(f"{self.issuer}/oauth2/token", data=form, auth=(self.client_id, self.client_secret))

    async def knows(self, subject: str, **claims: Any) -> None:
        answer = await self.http.put(f"{self.issuer}/users/{subject}", json=claims)
        assert answer.status_code == 204, answer.text

    async def signs_in(self, url: str, subject: str, **changed: str | None) -> str:
        """The person says yes; where the provider sends the browser. `changed` are parameters of the request."""
        answer = await self.asks(url, subject, **changed)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def asks(self, url: str, subject: str, **changed: str | None) -> httpx2.Response:
        parts = urlsplit(url)
        query = {name: value for name, value in (dict(parse_qsl(parts.query)) | changed).items() if value is not None}
        address = f"{self.issuer}{parts.path}?{urlencode(query)}"
        return await self.http.post(address, data={"sub": subject}, follow_redirects=False)

    async def refuses(self, url: str) -> str:
        return (await self.http.post(url, data={"action": "deny"}, follow_redirects=False)).headers["location"]


@asynccontextmanager
async def real_provider(redirect_uri: str | None = None) -> AsyncGenerator[RealProvider]:
    """With a redirect URI we are registered there with it; without, everybody is whoever they say they are."""
    port = free_port()
    words = ["-W", "ignore", str(Path(__file__).with_name("strict_provider.py")), str(port)]
    words += ["registered"] if redirect_uri else []
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=quiet, stderr=quiet)
    issuer = f"http://127.0.0.1:{port}"
    try:
        async with httpx2.AsyncClient(timeout=20) as http, asyncio.timeout(60):
            while True:
                with suppress(httpx2.HTTPError):
                    if (await http.get(f"{issuer}/.well-known/openid-configuration")).status_code == 200:
                        break
                assert process.returncode is None
                await asyncio.sleep(0.05)
        async with httpx2.AsyncClient(timeout=20) as http:
            provider = RealProvider(issuer, http)
            if redirect_uri:
                await provider.registers(redirect_uri)
            yield provider
    finally:
        process.terminate()
        await process.wait()


@dataclass
class RoguePlan:
    """What the rogue answers next. `id_token` is a function of the nonce; `metadata` replaces parts of discovery."""

    id_token: Any = None
    keys: dict[str, Any] = field(default_factory=lambda: {"keys": []})
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    nonce: str = ""
    token_requests: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    key_requests: int = 0


@dataclass
class Rogue:
    issuer: str
    plan: RoguePlan = field(default_factory=RoguePlan)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
            ]
        )

    async def _discovery(self, _: Request) -> Response:
        endpoints = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        document = {name: f"{self.issuer}/{path}" for name, path in endpoints.items()}
        return JSONResponse({"issuer": self.issuer, **document, **self.plan.metadata})

    async def _authorize(self, request: Request) -> Response:
        self.plan.nonce = request.query_params["nonce"]
        query = urlencode({"code": "a-code", "state": request.query_params["state"]})
        return RedirectResponse(f"{request.query_params['redirect_uri']}?{query}", 302)

    async def _token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        self.plan.token_requests.append({name: values[0] for name, values in form.items()})
        token = self.plan.id_token(self.plan.nonce)
        answer = {"access_token": "opaque", "token_type": "Bearer", "expires_in": 60}
        return JSONResponse(answer if token is None else {**answer, "id_token": token})

    async def _keys(self, _: Request) -> Response:
        self.plan.key_requests += 1
        return Response(json.dumps(self.plan.keys), media_type="application/json")


@asynccontextmanager
async def rogue_provider() -> AsyncGenerator[Rogue]:
    port, stop, ready = free_port(), asyncio.Event(), asyncio.Event()
    rogue = Rogue(f"http://127.0.0.1:{port}")
    serving = asyncio.create_task(serve(rogue.app(), Address(port=port), stop, ready))
    await ready.wait()
    try:
        yield rogue
    finally:
        stop.set()
        await serving
