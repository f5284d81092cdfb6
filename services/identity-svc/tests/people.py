"""People and programs who call identity-svc as through the gateway: by what they hold, not by a given identity."""

from dataclasses import dataclass, field
from typing import Any

import httpx2
from servicekit.identity import HEADER
from servicekit.testing import ServiceUnderTest

PASSWORD = "correct horse"


@dataclass
class Caller:
    service: ServiceUnderTest
    token: str
    user: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """401 as the gateway would say it, if the credentials are not good."""
        self.service.http.cookies.clear()
        asked = await self.service.http.get("/internal/authenticate", headers=self.bearer)
        if asked.status_code != 204:
            return asked
        headers = {**self.bearer, HEADER: asked.headers[HEADER], **options.pop("headers", {})}
        answer = await self.service.http.request(method, path, headers=headers, **options)
        self.service.http.cookies.clear()
        return answer

    async def works(self) -> bool:
        """Asked without the two seconds for which an answer is remembered."""
        self.service.app.http.state.authenticate.forget(self.token)
        return (await self.ask("GET", "/v1/me")).status_code == 200


async def create(service: ServiceUnderTest, level: str = "leads_agent", **fields: Any) -> dict[str, Any]:
    body = {"email": f"{level}@example.test", "name": level, "access_level": level, "password": PASSWORD} | fields
    answer = await service.http.post("/v1/users", json=body, headers=service.headers())
    assert answer.status_code == 201, answer.text
    return answer.json()


async def sign_in(service: ServiceUnderTest, email: str, password: str = PASSWORD, **body: Any) -> httpx2.Response:
    answer = await service.http.post("/v1/sessions", json={"email": email, "password": password} | body)
    service.http.cookies.clear()
    return answer


async def person(service: ServiceUnderTest, level: str = "leads_agent", **fields: Any) -> Caller:
    """A new user who has signed in."""
    user = await create(service, level, **fields)
    answer = await sign_in(service, user["email"])
    assert answer.status_code == 201, answer.text
    return Caller(service, answer.json()["token"], user)


async def stay_blocked(service: ServiceUnderTest) -> int:
    """Prolongs every block, the first of which are a second long: a slow machine must not miss them. How many."""
    statement = (
        "UPDATE guesses SET blocked_until = clock_timestamp() + interval '1 minute' WHERE blocked_until > last_at"
    )
    return int((await service.db.pool.execute(statement)).split()[1])
