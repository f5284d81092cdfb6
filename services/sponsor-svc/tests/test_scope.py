"""Who sees which rows of sponsors, projects, products and contact lists."""

from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest

PATHS = ("sponsors", "projects", "products", "contact-lists")


async def _two_sponsors(api: Any) -> dict[str, dict[str, str]]:
    """Path and sponsor to id."""
    made: dict[str, dict[str, str]] = {path: {} for path in PATHS}
    for name in ("mine", "theirs"):
        sponsor = (await api.create("sponsors", name=name, contact="secret"))["id"]
        made["sponsors"][name] = sponsor
        project = await api.create("projects", name=f"{name} p", kind="outbound", sponsor_id=sponsor)
        made["projects"][name] = project["id"]
        made["products"][name] = (await api.create("products", name="x", sponsor_id=sponsor))["id"]
        made["contact-lists"][name] = (await api.create("contact-lists", name="l", sponsor_id=sponsor))["id"]
    await api.create("contact-lists", name="nobody's")
    return made


async def test_s0_11_a_sponsor_sees_its_own_rows_and_nobody_elses(service: ServiceUnderTest, api: Any):
    made = await _two_sponsors(api)
    headers = service.headers("sponsor", sponsor_id=made["sponsors"]["mine"])
    for path in PATHS:
        page = await api.get(path, headers)
        assert [row["id"] for row in page["data"]] == [made[path]["mine"]]
        assert (await api.get(f"{path}/{made[path]['mine']}", headers))["id"] == made[path]["mine"]
        answers = [
            await service.http.get(f"/v1/{path}/{row_id}", headers=headers | {"X-Request-Id": "same"})
            for row_id in (made[path]["theirs"], "unknown_id")
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    foreign = await api.get(f"projects?sponsor_id={made['sponsors']['theirs']}", headers)
    assert foreign["data"] == []


async def test_s0_11_an_agency_sees_the_rows_of_all_its_sponsors_and_may_ask_for_one(
    service: ServiceUnderTest, api: Any
):
    made = await _two_sponsors(api)
    third = await api.create("sponsors", name="third")
    await api.create("projects", name="third p", kind="outbound", sponsor_id=third["id"])
    headers = service.headers("sponsor", sponsor_ids=list(made["sponsors"].values()))
    for path in PATHS:
        page = await api.get(path, headers)
        assert [row["id"] for row in page["data"]] == [made[path]["theirs"], made[path]["mine"]]
        if path != "sponsors":
            only = await api.get(f"{path}?sponsor_id={made['sponsors']['mine']}", headers)
            assert [row["id"] for row in only["data"]] == [made[path]["mine"]]


@pytest.mark.parametrize(
    ("page", "opened"),
    [
        ("overview", {"sponsors", "projects", "statistics"}),
        ("statistics", {"sponsors", "projects", "statistics"}),
        ("leads", {"sponsors", "projects"}),
        ("exports", {"sponsors", "projects"}),
        ("contact_lists", {"sponsors", "projects", "contact-lists"}),
        ("products", {"sponsors", "projects", "products"}),
        (None, set[str]()),
    ],
)
async def test_s0_11_a_page_that_is_not_allowed_is_refused(
    service: ServiceUnderTest, api: Any, page: str | None, opened: set[str]
):
    """What a sponsor and its projects are called is needed on every page."""
    made = await _two_sponsors(api)
    headers = service.headers("sponsor", sponsor_id=made["sponsors"]["mine"], pages=[page] if page else [])
    for path in (*PATHS, "statistics"):
        places = [path] if path == "statistics" else [path, f"{path}/{made[path]['mine']}"]
        if path == "statistics" and path not in opened:
            places.append("statistics/stream")
        for place in places:
            answer = await service.http.get(f"/v1/{place}", headers=headers)
            assert answer.status_code == (200 if path in opened else 403), place
            assert path in opened or answer.json()["code"] == "page-forbidden"


async def test_s0_11_a_row_that_changes_hands_is_gone(service: ServiceUnderTest, api: Any):
    made = await _two_sponsors(api)
    await api.patch(f"projects/{made['projects']['mine']}", sponsor_id=made["sponsors"]["theirs"])
    headers = service.headers("sponsor", sponsor_id=made["sponsors"]["mine"])
    assert (await api.get("projects", headers))["data"] == []
    assert (await api.get(f"sponsors/{made['sponsors']['mine']}", headers))["counts"]["projects"] == 0


@pytest.mark.parametrize("level", ["leads_agent", "call_centre"])
async def test_agents_and_validators_see_names_only(service: ServiceUnderTest, api: Any, level: str):
    made = await _two_sponsors(api)
    allowed: dict[str, set[str]] = {
        "sponsors": {"id", "name"},
        "projects": {"id", "name", "kind", "state"},
        "products": {"id", "name", "code", "sponsor_product_code"},
        "contact-lists": {"id", "name", "project_id", "expired"},
    }
    for path in PATHS:
        for row in (await api.get(path, service.headers(level)))["data"]:
            assert set(row) == allowed[path]
        read = await api.get(f"{path}/{made[path]['mine']}", service.headers(level))
        assert set(read) == allowed[path]


BODIES: dict[str, dict[str, Any]] = {
    "sponsors": {"name": "n"},
    "projects": {"name": "n", "kind": "outbound"},
    "products": {"name": "n"},
    "contact-lists": {"name": "n"},
}


@pytest.mark.parametrize("level", ["partner", "integration"])
async def test_everybody_else_sees_nothing(service: ServiceUnderTest, api: Any, level: str):
    made = await _two_sponsors(api)
    headers = service.headers(level, partner_id="ptr_1", sponsor_id=made["sponsors"]["mine"])
    for path in PATHS:
        for place in (f"/v1/{path}", f"/v1/{path}/{made[path]['mine']}", f"/v1/{path}/unknown"):
            assert (await service.http.get(place, headers=headers)).status_code == 403
    nobody = await service.http.get("/v1/projects")
    assert nobody.status_code == 401
    lost = await service.http.get("/v1/projects", headers=service.headers("sponsor"))
    assert lost.status_code == 403, "a sponsor account without a sponsor sees nothing"


@pytest.mark.parametrize("level", ["leads_agent", "call_centre", "sponsor", "partner", "integration"])
async def test_they_write_nothing(service: ServiceUnderTest, api: Any, level: str):
    """But for the contact lists of sponsor accounts (`test_accounts.py`)."""
    made = await _two_sponsors(api)
    headers = service.headers(level, sponsor_id=made["sponsors"]["mine"])
    for path in PATHS:
        place = f"/v1/{path}/{made[path]['mine']}"
        may_create = (level, path) == ("sponsor", "contact-lists")
        created = await service.http.post(f"/v1/{path}", json=BODIES[path], headers=headers)
        assert created.status_code == (201 if may_create else 403)
        assert (await service.http.patch(place, json={"name": "n"}, headers=headers)).status_code == 403
    for verb in ("activate", "passivate"):
        place = f"/v1/projects/{made['projects']['mine']}/{verb}"
        assert (await service.http.post(place, headers=headers)).status_code == 403
