"""V4.2: which columns belong to the default view; V4.7: further filters."""

from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest

VIEW = "/v1/validation/view"


async def default_columns(service: ServiceUnderTest, level: str = "call_centre", **query: Any) -> set[str]:
    answer = await service.http.get(VIEW, params=query, headers=service.headers(level))
    assert answer.status_code == 200, answer.text
    return {column["title"] for column in answer.json()["columns"] if column["default"]}


async def test_v4_2_contact_status_and_telephone_are_in_the_default_view_when_on_absent_when_off(
    service: ServiceUnderTest, tell_project: Any
):
    """Per project; without one, when any project is validated."""
    special = {"Contact Status", "Telephone"}
    assert not special & await default_columns(service)
    await tell_project(1, project_id="prj_on")
    await tell_project(1, project_id="prj_off", on=False)
    assert special <= await default_columns(service, project_id="prj_on")
    assert not special & await default_columns(service, project_id="prj_off")
    assert special <= await default_columns(service)
    await tell_project(2, project_id="prj_on", on=False)
    assert not special & await default_columns(service, project_id="prj_on")
    assert (await service.http.get(VIEW, params={"project_id": "prj_x"}, headers=service.headers())).status_code == 404
    assert (await service.http.get(VIEW, headers=service.headers("sponsor"))).status_code == 403


async def test_v4_3_admins_have_more_columns(service: ServiceUnderTest):
    answers = [
        (await service.http.get(VIEW, headers=service.headers(level))).json() for level in ("admin", "call_centre")
    ]
    admin, validator = [{column["field"] for column in answer["columns"]} for answer in answers]
    assert validator < admin
    assert not {"partner_id", "sponsor_id", "order.total.amount_minor", "billable"} & validator
    assert {"partner_id", "sponsor_id", "order.total.amount_minor", "billable"} <= admin


async def test_v4_7_filters_by_age_and_partner(service: ServiceUnderTest, fill: Any):
    """Cases of 100,000 s (27.8 hours) and less; the partner is for admins to know."""
    await fill(30)
    await service.db.pool.execute(
        "UPDATE cases SET received_at = now() - interval '2 hours' WHERE lead_id > 'lead_00020'"
    )
    await service.db.pool.execute("UPDATE cases SET partner_id = 'ptr_2' WHERE lead_id > 'lead_00025'")

    async def found(level: str = "admin", **query: Any) -> Any:
        answer = await service.http.get(
            "/v1/validation/cases", params={"limit": 100, **query}, headers=service.headers(level)
        )
        return len(answer.json()["data"]) if answer.status_code == 200 else answer.json()["code"]

    assert await found(older_than_hours=24) == 20
    assert await found(younger_than_hours=24) == 10
    assert await found(older_than_hours=1, younger_than_hours=3) == 10
    assert await found(partner_id="ptr_2") == 5
    assert await found(partner_id="ptr_2", older_than_hours=24) == 0
    for level in ("call_centre", "supervisor"):
        assert await found(level, partner_id="ptr_2") == "filter-forbidden"
        assert await found(level, older_than_hours=24) == 20


@pytest.mark.parametrize("query", ["older_than_hours=-1", "younger_than_hours=x", "older_than_hours=9999999"])
async def test_odd_ages_are_refused(service: ServiceUnderTest, query: str):
    assert (await service.http.get(f"/v1/validation/cases?{query}", headers=service.headers())).status_code == 422
