"""A sponsor-svc with a database of its own for every test, and words to talk to it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest, make_service_fixture
from sponsor_svc.app import build
from sponsor_svc.settings import Settings


def settings_for(dsn: str) -> Settings:
    return Settings(database_url=SecretStr(dsn), identity_keys=TEST_KEY_SET)


service = make_service_fixture("sponsor_svc", build, settings_for)


@dataclass(frozen=True)
class Api:
    """Asks as an admin, unless told otherwise, and expects to succeed, unless it is `problem`."""

    service: ServiceUnderTest

    async def create(self, path: str, level: str = "admin", **body: Any) -> dict[str, Any]:
        answer = await self.service.http.post(f"/v1/{path}", json=body, headers=self.service.headers(level))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def patch(self, path: str, level: str = "admin", **body: Any) -> dict[str, Any]:
        answer = await self.service.http.patch(f"/v1/{path}", json=body, headers=self.service.headers(level))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        answer = await self.service.http.get(f"/v1/{path}", headers=headers or self.service.headers("admin"))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def problem(self, method: str, path: str, level: str = "admin", **body: Any) -> str:
        """The status and code of the refusal, e.g. `422 sponsor-required`."""
        headers = self.service.headers(level)
        answer = await self.service.http.request(method, f"/v1/{path}", json=body, headers=headers)
        assert answer.status_code >= 400, answer.text
        return f"{answer.status_code} {answer.json()['code']}"

    async def until(self, ask: Callable[[], Awaitable[Any]], expected: object, seconds: float = 10) -> None:
        """Returns when the answer is as expected, and fails with the last one otherwise."""
        deadline, answer = time.monotonic() + seconds, await ask()
        while answer != expected:
            assert time.monotonic() < deadline, f"{answer} instead of {expected}"
            await asyncio.sleep(0.01)
            answer = await ask()

    async def until_row(self, query: str, expected: object) -> None:
        async def ask() -> Any:
            return await self.service.db.pool.fetchval(query)

        await self.until(ask, expected)


@pytest.fixture
def api(service: ServiceUnderTest) -> Api:
    return Api(service)
