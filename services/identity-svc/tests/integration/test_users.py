"""G6.1 Users, access levels, permissions."""

import asyncio
from typing import Any

import pytest
from contracts.events.identity import UserChangedV1, UserCreatedV1, UserDeactivatedV1
from identity_svc.users.create_user import ensure_admin
from servicekit.testing import ServiceUnderTest

AGENT = {"email": "Ann@Example.test", "name": "Ann Agent", "access_level": "leads_agent", "password": "correct horse"}


async def create(service: ServiceUnderTest, **changes: Any) -> dict[str, Any]:
    answer = await service.http.post("/v1/users", json=AGENT | changes, headers=service.headers())
    assert answer.status_code == 201, answer.text
    return answer.json()


async def patch(service: ServiceUnderTest, user_id: str, **changes: Any):
    return await service.http.patch(f"/v1/users/{user_id}", json=changes, headers=service.headers())


async def test_g6_1_a_leads_agent_gets_the_usual_permissions(service: ServiceUnderTest):
    user = await create(service)
    assert user["id"].startswith("usr_")
    assert user["permissions"] == ["customer_service", "order_entry", "queue.request", "reports.order_details"]
    assert "password" not in str(user)
    (event,) = await service.published(UserCreatedV1)
    assert isinstance(event, UserCreatedV1)
    assert (event.user_id, event.access_level, event.active) == (user["id"], "leads_agent", True)
    read = await service.http.get(f"/v1/users/{user['id']}", headers=service.headers())
    assert (read.json(), read.headers["etag"]) == (user, '"1"')


async def test_g6_1_given_permissions_replace_the_usual_ones(service: ServiceUnderTest):
    assert (await create(service, permissions=[]))["permissions"] == []
    supervisor = await create(service, email="s@example.test", access_level="supervisor")
    assert "leads.pending.read" in supervisor["permissions"]
    lowered = await patch(service, supervisor["id"], access_level="call_centre")
    assert lowered.json()["permissions"] == []


async def test_an_address_is_taken_in_whatever_capitals(service: ServiceUnderTest):
    await create(service)
    again = await service.http.post("/v1/users", json=AGENT | {"email": "ann@example.TEST"}, headers=service.headers())
    assert (again.status_code, again.json()["code"]) == (409, "email-taken")
    other = await create(service, email="bob@example.test")
    stolen = await patch(service, other["id"], email="ANN@example.test")
    assert (stolen.status_code, stolen.json()["code"]) == (409, "email-taken")


@pytest.mark.parametrize(("level", "field"), [("partner", "partner_id")])
async def test_sponsors_and_partners_belong_to_one(service: ServiceUnderTest, level: str, field: str):
    answer = await service.http.post("/v1/users", json=AGENT | {"access_level": level}, headers=service.headers())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"
    user = await create(service, access_level=level, **{field: "spo_1"})
    assert (await patch(service, user["id"], **{field: None})).status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"id": "usr_mine"},
        {"access_level": "root"},
        {"email": "no address"},
        {"email": "a@b\nBcc: c@d"},
        {"name": ""},
        {"password": "short"},
        {"permissions": ["Queue Request"]},
        {"active": None},
    ],
)
async def test_bad_input_is_refused_and_stores_nothing(service: ServiceUnderTest, change: dict[str, Any]):
    answer = await service.http.post("/v1/users", json=AGENT | change, headers=service.headers())
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert not await service.published()


async def test_g6_1_a_password_that_everybody_tries_first_is_refused_when_it_is_set(service: ServiceUnderTest):
    user = await create(service)
    for password in ("Password123", "agent-1234"):
        made = await service.http.post(
            "/v1/users", json=AGENT | {"email": "Ann.Agent@x.test", "password": password}, headers=service.headers()
        )
        changed = await patch(service, user["id"], email="ann.agent@example.test", password=password)
        for answer in (made, changed):
            assert (answer.status_code, answer.json()["code"]) == (422, "password-easy")
            assert answer.json()["errors"][0]["pointer"] == "/password"
            assert password not in answer.text
    assert len(await service.published()) == 1


async def test_a_deactivated_user_is_announced_once(service: ServiceUnderTest):
    user = await create(service)
    assert (await patch(service, user["id"], active=False)).json()["version"] == 2
    assert (await patch(service, user["id"], active=False)).json()["version"] == 2
    assert (await patch(service, user["id"], active=True)).json()["version"] == 3
    kinds = [type(event) for event in await service.published()]
    assert kinds == [UserCreatedV1, UserDeactivatedV1, UserChangedV1]


async def test_a_change_of_an_old_version_is_refused(service: ServiceUnderTest):
    user = await create(service)
    await patch(service, user["id"], name="Anna Agent")
    headers = service.headers() | {"If-Match": '"1"'}
    answer = await service.http.patch(f"/v1/users/{user['id']}", json={"name": "Anni"}, headers=headers)
    assert answer.status_code == 412


async def test_the_last_active_admin_stays(service: ServiceUnderTest):
    one = await create(service, access_level="admin")
    for change in ({"active": False}, {"access_level": "supervisor"}):
        answer = await patch(service, one["id"], **change)
        assert (answer.status_code, answer.json()["code"]) == (409, "last-admin")
    two = await create(service, access_level="admin", email="two@example.test")
    answers = await asyncio.gather(*(patch(service, user["id"], active=False) for user in (one, two)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_lists_are_paged_and_filtered(service: ServiceUnderTest):
    users = [await create(service, email=f"{number}@example.test") for number in range(5)]
    await patch(service, users[0]["id"], active=False)
    seen: list[str] = []
    cursor = ""
    while True:
        query = f"/v1/users?limit=2&active=true{cursor}"
        page = (await service.http.get(query, headers=service.headers())).json()
        seen += [user["id"] for user in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [user["id"] for user in users[1:]]
    agents = await service.http.get("/v1/users?access_level=admin", headers=service.headers())
    assert agents.json() == {"data": [], "has_more": False, "next_cursor": None}
    unknown = await service.http.get("/v1/users?levle=admin", headers=service.headers())
    assert unknown.status_code == 422


@pytest.mark.parametrize("level", ["supervisor", "leads_agent", "call_centre", "sponsor", "partner", "integration"])
async def test_only_admins_may(service: ServiceUnderTest, level: str):
    user = await create(service)
    headers = service.headers(level)
    answers = [
        await service.http.get("/v1/users", headers=headers),
        await service.http.get(f"/v1/users/{user['id']}", headers=headers),
        await service.http.get("/v1/users/usr_unknown", headers=headers),
        await service.http.post("/v1/users", json=AGENT, headers=headers),
        await service.http.patch(f"/v1/users/{user['id']}", json={"active": False}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert (await service.http.get("/v1/users")).status_code == 401


async def test_the_first_admin_is_made_once(service: ServiceUnderTest):
    assert await ensure_admin(service.db, "admin@example.test", "first password")
    assert not await ensure_admin(service.db, "ADMIN@example.test", "second password")
    answer = await service.http.post("/v1/sessions", json={"email": "admin@example.test", "password": "first password"})
    assert answer.status_code == 201
