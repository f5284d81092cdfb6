"""S0.11: what sponsor-svc says that an account sees is what is signed."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from contracts.events.sponsor import AccountContent, AccountGrantedV1, AccountRevokedV1
from identity_svc.sessions.authenticate import Authenticate
from servicekit.identity import HEADER, Identity, IdentityVerifier
from servicekit.testing import TEST_SIGNER, ServiceUnderTest

PASSWORD = "a-long-enough-password"


class Person:
    """A user with a session, whose identity the gateway asks for."""

    def __init__(self, service: ServiceUnderTest, user_id: str, token: str) -> None:
        self.service, self.id, self.token = service, user_id, token

    async def identity(self) -> Identity:
        """As it is now: nothing remembered."""
        self.service.app.http.state.authenticate = Authenticate(self.service.db, TEST_SIGNER, timedelta(hours=1))
        answer = await self.service.http.get(
            "/internal/authenticate", headers={"Authorization": f"Bearer {self.token}"}
        )
        verifier: IdentityVerifier = self.service.app.http.state.identity_verifier
        return verifier.verify(answer.headers[HEADER])

    async def sees(self) -> tuple[list[str], list[str]]:
        identity = await self.identity()
        return sorted(identity.sponsor_ids), sorted(identity.pages)


async def make(service: ServiceUnderTest, level: str = "sponsor", **more: Any) -> Person:
    body = {"email": f"{level}@example.com", "name": "S", "access_level": level, "password": PASSWORD} | more
    user = (await service.http.post("/v1/users", json=body, headers=service.headers())).json()
    sent = {"email": body["email"], "password": PASSWORD}
    session = (await service.http.post("/v1/sessions", json=sent)).json()
    return Person(service, user["id"], session["token"])


def granted(user_id: str, *pages: str, sponsors: tuple[str, ...] = ("spo_a", "spo_b")) -> AccountGrantedV1:
    return AccountGrantedV1(user_id=user_id, sponsor_ids=list(sponsors), pages=list(pages))


async def test_s0_11_a_user_without_an_account_sees_nothing(service: ServiceUnderTest):
    person = await make(service, sponsor_id="spo_a")
    assert await person.sees() == ([], [])


async def test_s0_11_an_account_that_is_switched_off_loses_what_its_sessions_saw(service: ServiceUnderTest):
    person = await make(service)
    await service.deliver(granted(person.id, "leads", "exports"), 1)
    assert await person.sees() == (["spo_a", "spo_b"], ["exports", "leads"])
    await service.deliver(AccountRevokedV1(user_id=person.id, sponsor_ids=["spo_a"], pages=["leads"]), 2)
    assert await person.sees() == ([], [])


async def test_s0_11_repeats_and_swaps_end_with_the_last_version(service: ServiceUnderTest):
    person = await make(service)
    told: list[tuple[int, AccountContent]] = [
        (1, granted(person.id, "leads")),
        (2, AccountRevokedV1(user_id=person.id)),
        (3, granted(person.id, "statistics", sponsors=("spo_c",))),
    ]
    for order in permutations(told):
        await service.db.pool.execute("DELETE FROM sponsor_rights")
        for sequence, event in (*order, *order):
            await service.deliver(event, sequence)
        assert await person.sees() == (["spo_c"], ["statistics"])


@pytest.mark.parametrize("level", ["supervisor", "leads_agent", "call_centre", "integration"])
async def test_s0_11_for_anybody_but_sponsors_an_account_changes_nothing(service: ServiceUnderTest, level: str):
    person = await make(service, level)
    await service.deliver(granted(person.id, "leads"), 1)
    assert await person.sees() == ([], [])
