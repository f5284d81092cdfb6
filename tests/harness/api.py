"""A client written against the published API only."""

import asyncio
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self
from uuid import uuid4

import httpx2

RETRIES = 400
PAUSE_SECONDS = 0.1
UNAVAILABLE = {502, 503, 504}


class Refused(Exception):
    """A 4xx answer. `code` is the problem document's."""

    def __init__(self, answer: httpx2.Response) -> None:
        document = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        self.status = answer.status_code
        self.code = str(document.get("code", ""))
        self.document = document
        super().__init__(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {document}")


class Unavailable(Exception):
    """Nobody is there to answer now: no connection, or 502, 503, 504."""


class Api:
    """One caller: an admin, an agent, a partner's program.

    Every method raises Refused for 4xx answers and Unavailable where nobody is there to answer.
    """

    def __init__(self, http: httpx2.AsyncClient, token: str | None = None) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def sign_in(self, email: str, password: str) -> Self:
        session = await self.post("/v1/sessions", {"email": email, "password": password})
        return self.with_token(session["token"])

    def with_token(self, token: str) -> Self:
        return type(self)(self.http, token)

    async def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        try:
            return await self.http.request(method, path, headers=headers, **options)
        except httpx2.TransportError as error:
            raise Unavailable(f"{method} {path}: {error!r}") from error

    async def get(self, path: str, **query: Any) -> Any:
        return _body(await self.request("GET", path, params=query))

    async def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return _body(await self.request("POST", path, json=body, headers=_named(headers)))

    async def put(self, path: str, body: Any) -> Any:
        return _body(await self.request("PUT", path, json=body))

    async def patch(self, path: str, body: Any, **headers: str) -> Any:
        return _body(await self.request("PATCH", path, json=body, headers=_named(headers)))

    async def post_until_answered(self, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Repeats the same request with the same key until somebody answers with something else than 'unavailable'.

        What a careful client does: a lost answer or a 503 means unknown, never failed.
        """
        key = {"Idempotency-Key": str(uuid4()), **_named(headers)}
        for _ in range(RETRIES):
            try:
                answer = await self.request("POST", path, json=body, headers=key)
            except Unavailable:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            in_progress = answer.status_code == 409 and answer.json().get("code") == "idempotency-in-progress"
            if answer.status_code not in UNAVAILABLE and not in_progress:
                return answer
            await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError(f"nobody answered POST {path}")

    async def pages(self, path: str, **query: Any) -> list[Any]:
        """Everything that a list holds."""
        rows: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(path, limit=100, **query, **cursor)
            rows += page["data"]
            if not page["has_more"]:
                return rows
            cursor = {"cursor": page["next_cursor"]}


def client(url: str) -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=200)
    http = httpx2.AsyncClient(base_url=url, timeout=20, limits=limits)
    # Many callers share the client: a cookie of one's log-in must not travel with another's request.
    http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return http


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _body(answer: httpx2.Response) -> Any:
    if 400 <= answer.status_code < 500:
        raise Refused(answer)
    if answer.status_code in UNAVAILABLE:
        raise Unavailable(f"{answer.request.method} {answer.request.url.path}: {answer.status_code}")
    answer.raise_for_status()
    return answer.json() if answer.content else None
