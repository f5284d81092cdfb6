"""S0.11: sponsor accounts, which are off at first, see what an admin allows, and write next to nothing."""

from typing import Any

import pytest
from contracts.events.sponsor import AccountContent, AccountFeatureSwitchedV1, AccountGrantedV1, AccountRevokedV1
from servicekit.testing import ServiceUnderTest

USER = "usr_1"


async def make(service: ServiceUnderTest, level: str = "admin", **body: Any) -> Any:
    wanted = {"user_id": USER, "sponsor_ids": ["spo_a"], "pages": ["leads"]} | body
    return await service.http.post("/v1/sponsor-accounts", json=wanted, headers=service.headers(level))


async def switch(service: ServiceUnderTest, *, enabled: bool) -> None:
    answer = await service.http.put(
        "/v1/sponsor-accounts/settings", json={"enabled": enabled}, headers=service.headers()
    )
    assert answer.json()["enabled"] is enabled


async def told(service: ServiceUnderTest) -> list[tuple[str, list[str], list[str]]]:
    """What identity-svc hears, in order: granted or revoked, sponsors, pages."""
    events = await service.published(AccountGrantedV1, AccountRevokedV1)
    accounts = [event for event in events if isinstance(event, AccountContent)]
    return [(type(each).__name__[7:-2], each.sponsor_ids, each.pages) for each in accounts]


@pytest.mark.usefixtures("two_sponsors")
async def test_s0_11_the_feature_is_off_until_an_admin_turns_it_on(service: ServiceUnderTest, api: Any):
    assert (await api.get("sponsor-accounts/settings"))["enabled"] is False
    assert (await make(service)).status_code == 201
    assert await told(service) == [("Revoked", ["spo_a"], ["leads"])], "prepared, and in force when it is on"
    await switch(service, enabled=True)
    await switch(service, enabled=True)
    assert (await make(service, user_id="usr_2", active=False)).status_code == 201
    await switch(service, enabled=False)
    assert [kind for kind, *_ in await told(service)] == ["Revoked", "Granted", "Revoked", "Revoked"]
    switched = await service.published(AccountFeatureSwitchedV1)
    assert [event.enabled for event in switched if isinstance(event, AccountFeatureSwitchedV1)] == [True, False]
    accounts = (await api.get("sponsor-accounts"))["data"]
    assert [(each["id"], each["active"], each["version"]) for each in accounts] == [
        ("usr_2", False, 1),
        (USER, True, 3),
    ]


@pytest.mark.usefixtures("two_sponsors")
async def test_s0_11_admins_edit_sponsors_and_pages_and_every_change_is_told_with_who_made_it(
    service: ServiceUnderTest, api: Any
):
    await switch(service, enabled=True)
    made = await make(service, pages=["leads", "exports", "leads"], sponsor_ids=["spo_b", "spo_a"])
    assert (made.json()["pages"], made.json()["sponsor_ids"]) == (["exports", "leads"], ["spo_a", "spo_b"])
    assert made.headers["ETag"] == '"1"'
    assert await api.problem("POST", "sponsor-accounts", user_id=USER, sponsor_ids=["spo_a"]) == "409 account-exists"
    changed = await api.patch(f"sponsor-accounts/{USER}", pages=[])
    assert (changed["pages"], changed["version"]) == ([], 2)
    assert (await api.patch(f"sponsor-accounts/{USER}", pages=[]))["version"] == 2, "nothing changed"
    await api.patch(f"sponsor-accounts/{USER}", sponsor_ids=["spo_b"], pages=["overview"])
    await api.patch(f"sponsor-accounts/{USER}", active=False)
    both = ["spo_a", "spo_b"]
    assert await told(service) == [
        ("Granted", both, ["exports", "leads"]),
        ("Granted", both, []),
        ("Granted", ["spo_b"], ["overview"]),
        ("Revoked", ["spo_b"], ["overview"]),
    ]
    events = await service.published(AccountGrantedV1)
    assert {event.actor for event in events if isinstance(event, AccountGrantedV1)} == {"usr_test"}
    stale = await service.http.patch(
        f"/v1/sponsor-accounts/{USER}", json={"active": True}, headers=service.headers() | {"If-Match": '"1"'}
    )
    assert stale.status_code == 412
    for query, found in (("sponsor_id=spo_b", 1), ("sponsor_id=spo_a", 0), ("active=true", 0)):
        assert len((await api.get(f"sponsor-accounts?{query}"))["data"]) == found


@pytest.mark.usefixtures("two_sponsors")
@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"sponsor_ids": ["spo_none"]}, "422 sponsor-unknown"),
        ({"sponsor_ids": []}, "422 validation-failed"),
        ({"pages": ["billing"]}, "422 validation-failed"),
        ({"user_id": "ptr_1"}, "422 validation-failed"),
        ({"version": 3}, "422 validation-failed"),
    ],
)
async def test_s0_11_an_account_that_makes_no_sense_is_refused(service: ServiceUnderTest, body: Any, problem: str):
    answer = await make(service, **body)
    assert f"{answer.status_code} {answer.json()['code']}" == problem


@pytest.mark.parametrize("level", ["supervisor", "sponsor", "leads_agent", "call_centre", "partner", "integration"])
async def test_s0_11_accounts_are_for_admins(service: ServiceUnderTest, api: Any, level: str):
    wanted = {"user_id": USER, "sponsor_ids": ["spo_a"]}
    assert await api.problem("POST", "sponsor-accounts", level, **wanted) == "403 forbidden"
    assert await api.problem("PATCH", f"sponsor-accounts/{USER}", level, active=False) == "403 forbidden"
    assert await api.problem("PUT", "sponsor-accounts/settings", level, enabled=True) == "403 forbidden"
    for path in ("", "/settings", f"/{USER}"):
        assert await api.problem("GET", f"sponsor-accounts{path}", level) == "403 forbidden"


class Account:
    """A sponsor account that asks for contact lists."""

    def __init__(self, service: ServiceUnderTest, *sponsors: str, pages: tuple[str, ...] = ("contact_lists",)) -> None:
        self.service = service
        self.headers = service.headers("sponsor", sponsor_ids=sponsors, pages=pages)

    async def create(self, **body: Any) -> tuple[int, Any]:
        answer = await self.service.http.post("/v1/contact-lists", json={"name": "l"} | body, headers=self.headers)
        return answer.status_code, answer.json()

    async def change(self, list_id: str, **body: Any) -> tuple[int, Any]:
        answer = await self.service.http.patch(f"/v1/contact-lists/{list_id}", json=body, headers=self.headers)
        return answer.status_code, answer.json()


@pytest.mark.usefixtures("two_sponsors")
async def test_s0_11_an_account_makes_contact_lists_of_its_own_sponsor_only(service: ServiceUnderTest):
    account = Account(service, "spo_a")
    for body in ({}, {"sponsor_id": "spo_a"}, {"project_id": "prj_a", "expires_on": "2090-01-01"}):
        status, made = await account.create(**body)
        assert (status, made["sponsor_id"]) == (201, "spo_a")
    for body, code in (
        ({"sponsor_id": "spo_b"}, "sponsor-unknown"), ({"sponsor_id": "spo_none"}, "sponsor-unknown"),
        ({"project_id": "prj_b"}, "project-unknown"), ({"project_id": "prj_none"}, "project-unknown"),
    ):  # fmt: skip
        status, refused = await account.create(**body)
        assert (status, refused["code"]) == (422, code)
    agency = Account(service, "spo_a", "spo_b")
    assert (await agency.create())[1]["code"] == "sponsor-required"
    assert (await agency.create(sponsor_id="spo_b"))[1]["sponsor_id"] == "spo_b"
    for closed in (Account(service, "spo_a", pages=("leads", "products")), Account(service)):
        assert (await closed.create())[0] == 403


@pytest.mark.usefixtures("two_sponsors")
async def test_s0_11_an_account_sets_the_expiry_of_its_lists_and_nothing_else(service: ServiceUnderTest, api: Any):
    mine = await api.create("contact-lists", name="mine", sponsor_id="spo_a")
    theirs = await api.create("contact-lists", name="theirs", sponsor_id="spo_b")
    account = Account(service, "spo_a")
    status, changed = await account.change(mine["id"], expires_on="2090-01-01")
    assert (status, changed["expires_on"]) == (200, "2090-01-01")
    assert (await account.change(mine["id"], expires_on=None))[1]["expires_on"] is None
    for name, value in (("name", "x"), ("sponsor_id", None), ("project_id", "prj_a"), ("time_zone", "Asia/Tokyo")):
        status, refused = await account.change(mine["id"], **{name: value, "expires_on": "2090-01-02"})
        assert (status, [error["pointer"] for error in refused["errors"]]) == (403, [f"/{name}"])
    foreign = await account.change(theirs["id"], expires_on="2090-01-01")
    unknown = await account.change("lst_none", expires_on="2090-01-01")
    assert foreign[0] == unknown[0] == 404
    assert (await Account(service, "spo_a", pages=("leads",)).change(mine["id"], expires_on=None))[0] == 403
