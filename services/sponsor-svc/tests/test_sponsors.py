"""Sponsors: S0.1, S0.2, S0.3."""

from typing import Any

import pytest
from contracts.events.sponsor import SponsorArchivedV1, SponsorChangedV1, SponsorCreatedV1
from servicekit.testing import ServiceUnderTest


async def test_s0_1_a_sponsor_is_made_read_changed_and_told(service: ServiceUnderTest, api: Any):
    made = await api.create("sponsors", name="Aurora Oy", code="AUR", contact="Anna, +358 40 123")
    assert made["id"].startswith("spo_")
    assert (made["name"], made["code"], made["status"], made["version"]) == ("Aurora Oy", "AUR", "active", 1)
    assert made["counts"] == {"contact_lists": 0, "projects": 0, "products": 0}
    assert await api.get(f"sponsors/{made['id']}") == made
    renamed = await api.patch(f"sponsors/{made['id']}", name="Aurora Group", code=None)
    assert (renamed["name"], renamed["code"], renamed["contact"], renamed["version"]) == (
        "Aurora Group", None, "Anna, +358 40 123", 2,
    )  # fmt: skip
    assert (await api.patch(f"sponsors/{made['id']}", status="archived"))["status"] == "archived"
    assert await service.published() == [
        SponsorCreatedV1(sponsor_id=made["id"], name="Aurora Oy", code="AUR", status="active"),
        SponsorChangedV1(sponsor_id=made["id"], name="Aurora Group", code=None, status="active"),
        SponsorArchivedV1(sponsor_id=made["id"], name="Aurora Group", code=None, status="archived"),
    ]


async def test_s0_1_an_archived_sponsor_comes_back_and_changing_nothing_tells_nothing(
    service: ServiceUnderTest, api: Any
):
    sponsor = await api.create("sponsors", name="Aurora")
    await api.patch(f"sponsors/{sponsor['id']}", status="archived")
    await api.patch(f"sponsors/{sponsor['id']}", status="archived", name="Aurora")
    back = await api.patch(f"sponsors/{sponsor['id']}", status="active")
    assert back["version"] == 3
    assert [type(event).__name__ for event in await service.published()] == [
        "SponsorCreatedV1", "SponsorArchivedV1", "SponsorChangedV1",
    ]  # fmt: skip


@pytest.mark.parametrize("same", ["Aurora Oy", "AURORA oy", " aurora   Oy ", "Äurora".replace("Ä", "A") + " OY"])
async def test_s0_1_names_are_unique_whatever_their_case(api: Any, same: str):
    await api.create("sponsors", name="Aurora Oy")
    assert await api.problem("POST", "sponsors", name=same) == "409 sponsor-name-taken"
    other = await api.create("sponsors", name="Cascade")
    assert await api.problem("PATCH", f"sponsors/{other['id']}", name=same) == "409 sponsor-name-taken"
    assert (await api.get(f"sponsors/{other['id']}"))["name"] == "Cascade"


async def test_s0_1_composed_and_decomposed_letters_are_the_same_name(api: Any):
    await api.create("sponsors", name="S\u00e4hk\u00f6")
    assert await api.problem("POST", "sponsors", name="SA\u0308HKO\u0308") == "409 sponsor-name-taken"


async def test_s0_1_only_admins_write(api: Any):
    sponsor = await api.create("sponsors", name="Aurora")
    for level in ("supervisor", "leads_agent", "call_centre", "sponsor", "partner", "integration"):
        assert await api.problem("POST", "sponsors", level, name="Other") == "403 forbidden"
        assert await api.problem("PATCH", f"sponsors/{sponsor['id']}", level, name="Other") == "403 forbidden"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": " "}, "/name"),
        ({"name": 3}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "A", "id": "spo_mine"}, "/id"),
        ({"name": "A", "counts": {}}, "/counts"),
        ({"name": "A", "code": ""}, "/code"),
    ],
)
async def test_s0_1_bad_bodies_are_answered_with_where_they_are_bad(
    service: ServiceUnderTest, api: Any, body: dict[str, object], pointer: str
):
    answer = await service.http.post("/v1/sponsors", json=body, headers=service.headers())
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert (await api.get("sponsors"))["data"] == []


async def test_s0_1_a_patch_cannot_empty_what_must_be_there(api: Any):
    sponsor = await api.create("sponsors", name="Aurora")
    for body in ({"name": None}, {"status": None}, {"status": "gone"}, {"version": 7}):
        assert await api.problem("PATCH", f"sponsors/{sponsor['id']}", **body) == "422 validation-failed"
    assert await api.get(f"sponsors/{sponsor['id']}") == sponsor


async def test_a_stale_version_is_refused(service: ServiceUnderTest, api: Any):
    """Optimistic concurrency: `ETag` on reads, `If-Match` on PATCH, 412."""
    sponsor = await api.create("sponsors", name="Aurora")
    path, headers = f"/v1/sponsors/{sponsor['id']}", service.headers()
    tag = (await service.http.get(path, headers=headers)).headers["etag"]
    first = await service.http.patch(path, json={"name": "First"}, headers=headers | {"If-Match": tag})
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    second = await service.http.patch(path, json={"name": "Second"}, headers=headers | {"If-Match": tag})
    assert (second.status_code, second.json()["code"]) == (412, "version-stale")
    assert (await api.get(f"sponsors/{sponsor['id']}"))["name"] == "First"


async def test_s0_2_s0_3_a_sponsor_is_attached_to_lists_projects_and_products_and_counted(api: Any):
    aurora = (await api.create("sponsors", name="Aurora"))["id"]
    cascade = (await api.create("sponsors", name="Cascade"))["id"]
    for number in range(3):
        await api.create("contact-lists", name=f"List {number}", sponsor_id=aurora)
    await api.create("contact-lists", name="Nobody's")
    await api.create("projects", name="Outbound", kind="outbound", sponsor_id=aurora)
    moved = await api.create("projects", name="Inbound", kind="inbound", sponsor_id=aurora)
    await api.create("products", name="Green", sponsor_id=cascade)
    await api.patch(f"projects/{moved['id']}", sponsor_id=cascade)
    counts = {row["id"]: row["counts"] for row in (await api.get("sponsors"))["data"]}
    assert counts == {
        aurora: {"contact_lists": 3, "projects": 1, "products": 0},
        cascade: {"contact_lists": 0, "projects": 1, "products": 1},
    }
    assert (await api.get(f"sponsors/{aurora}"))["counts"] == counts[aurora]


async def test_lists_are_read_page_by_page(api: Any):
    """api.md: keyset cursors, `limit` 1 to 100, unknown parameters are errors."""
    made = [(await api.create("sponsors", name=f"Sponsor {number}"))["id"] for number in range(5)]
    await api.patch(f"sponsors/{made[0]}", status="archived")
    seen: list[str] = []
    page = await api.get("sponsors?limit=2&status=active")
    while True:
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        page = await api.get(f"sponsors?limit=2&status=active&cursor={page['next_cursor']}")
    assert page["next_cursor"] is None
    assert seen == made[:0:-1]
    for query in ("limit=0", "limit=101", "cursor=nonsense", "offset=3", "status=gone"):
        assert await api.problem("GET", f"sponsors?{query}") == "422 validation-failed"


async def test_an_idempotency_key_makes_one_sponsor(service: ServiceUnderTest):
    headers = service.headers() | {"Idempotency-Key": "once"}
    first, again = [await service.http.post("/v1/sponsors", json={"name": "A"}, headers=headers) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert len(await service.published()) == 1
