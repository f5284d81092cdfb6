"""A client of the platform's own API, as any program outside would write it."""

from typing import Any, Self

import httpx2


class ApiError(Exception):
    """An answer that is no success; its text is the problem document's code."""


class Api:
    def __init__(self, url: str, http: httpx2.AsyncClient, token: str | None = None) -> None:
        self._url = url
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def signed_in(self, email: str, password: str) -> Self:
        session = await self.post("/v1/sessions", {"email": email, "password": password})
        return self.with_token(session["token"])

    def with_token(self, token: str) -> Self:
        """The same with another session or a partner's key."""
        return type(self)(self._url, self._http, token)

    async def get(self, path: str, **query: Any) -> Any:
        return self._body(await self._http.get(self._url + path, params=query, headers=self._headers))

    async def post(self, path: str, body: Any = None) -> Any:
        return self._body(await self._http.post(self._url + path, json=body, headers=self._headers))

    async def put(self, path: str, body: Any) -> Any:
        return self._body(await self._http.put(self._url + path, json=body, headers=self._headers))

    def _body(self, answer: httpx2.Response) -> Any:
        if answer.is_error:
            raise ApiError(f"{answer.status_code} {answer.text[:200]}")
        return answer.json() if answer.content else None
