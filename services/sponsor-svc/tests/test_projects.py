"""Projects: S0.8, S0.10 and their settings."""

from typing import Any

import pytest
from contracts.events.sponsor import (
    CustomCheck,
    DuplicateRules,
    IntakeRules,
    OfferRules,
    ProjectActivatedV1,
    ProjectChangedV1,
    ProjectCreatedV1,
    ProjectPassivatedV1,
    QueueRules,
    ValidationRules,
)
from contracts.events.values import CallingHours
from servicekit.testing import ServiceUnderTest

FULL: dict[str, Any] = {
    "name": "Solar",
    "kind": "outbound",
    "call_centre_validation": True,
    "after_validation": "both",
    "written_confirmation": True,
    "region": "US",
    "calling_hours": {"mode": "custom", "from": "09:00", "until": "20:30", "days": [5, 1, 2]},
    "queue": {
        "cool_down_minutes": 5,
        "max_attempts": 7,
        "max_age_hours": 48,
        "order": "oldest",
        "use_partner_priority": False,
        "status_after_request": "queue",
        "lock_minutes": 10,
        "inherited": [],
    },
    "duplicates": {"fields": "both", "scope": "sponsor", "window_days": None, "action": "accept"},
    "checks": {"phone": "reject", "consent": "quarantine", "postcode": "off", "suppression": "reject"},
    "validation": {"max_attempts": 3, "held_leads": "release", "propose_return": "ask"},
    "intake": {
        "required_fields": ["custom.size"],
        "suppressed_names": ["test"],
        "consent_max_age_days": 90,
        "custom_checks": [{"name": "size", "field": "custom.size", "pattern": "[0-9]+", "level": "warn", "detail": ""}],
        "always_deliver": True,
        "bulk_edit": True,
        "stale_suppressions": "block",
    },
    "offer": {"lapse_days": 7},
}


async def test_s0_8_a_project_made_by_hand_starts_active_with_the_defaults(service: ServiceUnderTest, api: Any):
    project = await api.create("projects", "supervisor", name="Power", kind="inbound")
    assert project["id"].startswith("prj_")
    assert (project["state"], project["call_centre_validation"], project["region"]) == ("active", False, "FI")
    assert project["calling_hours"]["mode"] == "statutory"
    assert project["queue"]["max_attempts"] == 3
    (told,) = await service.published()
    queue = QueueRules(inherited=sorted(name for name in FULL["queue"] if name != "inherited"))
    wanted = ProjectCreatedV1(project_id=project["id"], name="Power", kind="inbound", state="active", queue=queue)
    assert told == wanted


async def test_a2_6_queue_rules_are_the_centres_until_the_project_sets_its_own(api: Any):
    project = await api.create("projects", name="Power", kind="inbound", queue={"max_attempts": 4})
    rest = ["cool_down_minutes", "lock_minutes", "max_age_hours", "order", "status_after_request"]
    assert project["queue"]["inherited"] == [*rest, "use_partner_priority"]
    path = f"projects/{project['id']}"
    changed = await api.patch(path, queue={"order": "oldest", "use_partner_priority": False})
    assert changed["queue"]["inherited"] == [name for name in rest if name != "order"]
    given_back = await api.patch(path, queue={"inherited": ["max_attempts"]})
    assert (given_back["queue"]["inherited"], given_back["queue"]["order"]) == (["max_attempts"], "oldest")


async def test_s0_10_every_setting_is_kept_read_and_told(service: ServiceUnderTest, api: Any):
    project = await api.create("projects", **FULL)
    stored = {**FULL, "calling_hours": {**FULL["calling_hours"], "days": [1, 2, 5]}}
    assert {name: project[name] for name in FULL} == stored
    assert await api.get(f"projects/{project['id']}") == project
    (told,) = await service.published()
    assert told == ProjectCreatedV1(
        project_id=project["id"],
        name="Solar",
        kind="outbound",
        state="active",
        call_centre_validation=True,
        after_validation="both",
        written_confirmation=True,
        region="US",
        calling_hours=CallingHours(mode="custom", from_="09:00", until="20:30", days=[1, 2, 5]),
        queue=QueueRules(**FULL["queue"]),
        duplicates=DuplicateRules(**FULL["duplicates"]),
        checks=FULL["checks"],
        validation=ValidationRules(**FULL["validation"]),
        intake=IntakeRules(
            required_fields=["custom.size"],
            suppressed_names=["test"],
            consent_max_age_days=90,
            custom_checks=[CustomCheck(name="size", field="custom.size", pattern="[0-9]+", level="warn", detail="")],
            always_deliver=True,
            bulk_edit=True,
            stale_suppressions="block",
        ),
        offer=OfferRules(lapse_days=7),
    )


async def test_i2_17_a_pattern_that_is_none_is_refused(api: Any):
    intake = {"custom_checks": [{"name": "size", "field": "custom.size", "pattern": "(unclosed"}]}
    told = await api.problem("POST", "projects", name="P", kind="outbound", intake=intake)
    assert told.startswith("422 ")


async def test_s0_8_activate_and_passivate_are_told_once_and_lose_nothing(service: ServiceUnderTest, api: Any):
    project = await api.create("projects", **FULL)
    place, headers = f"/v1/projects/{project['id']}", service.headers("supervisor")
    states: list[str] = []
    for verb in ("passivate", "passivate", "activate", "activate"):
        answer = await service.http.post(f"{place}/{verb}", headers=headers)
        states.append(answer.json()["state"])
        assert {name: answer.json()[name] for name in FULL} == {name: project[name] for name in FULL}
    assert states == ["passive", "passive", "active", "active"]
    told = await service.published()
    assert [type(event) for event in told] == [ProjectCreatedV1, ProjectPassivatedV1, ProjectActivatedV1]
    bodies = await service.db.pool.fetch("SELECT body FROM outbox ORDER BY position")
    assert [b'"sequence":%d' % number in row["body"] for number, row in enumerate(bodies, 1)] == [True] * 3


async def test_s0_8_an_available_project_is_activated_but_not_passivated(service: ServiceUnderTest, api: Any):
    project = await api.create("projects", name="Announced", kind="outbound")
    await service.db.pool.execute("UPDATE projects SET state = 'available'")
    assert await api.problem("POST", f"projects/{project['id']}/passivate") == "409 project-not-activated"
    answer = await service.http.post(f"/v1/projects/{project['id']}/activate", headers=service.headers())
    assert answer.json()["state"] == "active"


async def test_s0_10_a_patch_changes_what_it_names(service: ServiceUnderTest, api: Any):
    project = await api.create("projects", **FULL)
    changed = await api.patch(
        f"projects/{project['id']}",
        name="Solar 2",
        queue={"max_attempts": 4},
        duplicates={"window_days": 0},
        checks={"phone": "warn", "email": "off"},
        calling_hours={"mode": "statutory"},
    )
    assert changed["queue"] == {**FULL["queue"], "max_attempts": 4}
    assert changed["duplicates"] == {**FULL["duplicates"], "window_days": 0}
    assert changed["checks"] == {**FULL["checks"], "phone": "warn", "email": "off"}
    assert changed["calling_hours"] == {"mode": "statutory", "from": None, "until": None, "days": None}
    assert (changed["region"], changed["version"]) == ("US", 2)
    told = (await service.published(ProjectChangedV1))[-1]
    assert isinstance(told, ProjectChangedV1)
    assert (told.name, told.queue.max_attempts, told.call_centre_validation) == ("Solar 2", 4, True)
    await api.patch(f"projects/{project['id']}", name="Solar 2", queue={"max_attempts": 4})
    assert len(await service.published()) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "sideways"),
        ("kind", None),
        ("region", "XX"),
        ("region", "fi"),
        ("after_validation", "never"),
        ("call_centre_validation", "yes"),
        ("state", "passive"),
        ("calling_hours", {"mode": "sometimes"}),
        ("calling_hours", {"mode": "custom"}),
        ("calling_hours", {"mode": "custom", "from": "9:00", "until": "20:00"}),
        ("calling_hours", {"mode": "custom", "from": "09:00", "until": "24:00"}),
        ("calling_hours", {"mode": "custom", "from": "20:00", "until": "09:00"}),
        ("calling_hours", {"mode": "custom", "from": "09:00", "until": "20:00", "days": [0]}),
        ("calling_hours", {"mode": "custom", "from": "09:00", "until": "20:00", "days": [8]}),
        ("calling_hours", {"mode": "custom", "from": "09:00", "until": "20:00", "days": [1, 1]}),
        ("calling_hours", {"mode": "custom", "from": "09:00", "until": "20:00", "days": []}),
        ("calling_hours", {"mode": "statutory", "from": "09:00"}),
        ("queue", {"max_attempts": 0}),
        ("queue", {"max_attempts": 1.5}),
        ("queue", {"order": "random"}),
        ("queue", {"status_after_request": "gone"}),
        ("queue", {"unknown": 1}),
        ("duplicates", {"fields": "name"}),
        ("duplicates", {"scope": "world"}),
        ("duplicates", {"window_days": -1}),
        ("checks", {"horoscope": "reject"}),
        ("checks", {"phone": "maybe"}),
    ],
)
async def test_s0_10_settings_that_make_no_sense_are_refused_where_they_stand(
    service: ServiceUnderTest, api: Any, field: str, value: object
):
    body: dict[str, object] = {"name": "Power", "kind": "outbound", field: value}
    project = await api.create("projects", name="Stays", kind="outbound")
    for method, place, sent in (("POST", "", body), ("PATCH", f"/{project['id']}", {field: value})):
        answer = await service.http.request(method, f"/v1/projects{place}", json=sent, headers=service.headers())
        assert answer.status_code == 422
        assert all(error["pointer"].startswith(f"/{field}") for error in answer.json()["errors"])
    assert [row["name"] for row in (await api.get("projects"))["data"]] == ["Stays"]


async def test_calling_at_all_hours_is_for_admins_only(api: Any):
    """api.md, calling_hours: `always` is for admins only."""
    always = {"calling_hours": {"mode": "always"}}
    body = {"name": "Night", "kind": "outbound"}
    assert await api.problem("POST", "projects", "supervisor", **body, **always) == "403 calling-hours-always"
    project = await api.create("projects", **body)
    place = f"projects/{project['id']}"
    assert await api.problem("PATCH", place, "supervisor", **always) == "403 calling-hours-always"
    assert (await api.patch(place, **always))["calling_hours"]["mode"] == "always"
    renamed = await api.patch(place, "supervisor", name="Day", **always)
    assert renamed["name"] == "Day", "what an admin decided, a supervisor may leave as it is"


async def test_projects_are_filtered(service: ServiceUnderTest, api: Any):
    sponsor = (await api.create("sponsors", name="Aurora"))["id"]
    other = (await api.create("sponsors", name="Cascade"))["id"]
    first = await api.create("projects", name="A", kind="outbound", sponsor_id=sponsor)
    second = await api.create("projects", name="B", kind="inbound", sponsor_id=sponsor)
    third = await api.create("projects", name="C", kind="inbound", sponsor_id=other)
    await service.http.post(f"/v1/projects/{third['id']}/passivate", headers=service.headers())

    async def ids(query: str) -> list[str]:
        return [row["id"] for row in (await api.get(f"projects?{query}"))["data"]]

    assert await ids(f"sponsor_id={sponsor}") == [second["id"], first["id"]]
    assert await ids("kind=inbound") == [third["id"], second["id"]]
    assert await ids("state=passive") == [third["id"]]
    assert await ids("kind=inbound&state=active") == [second["id"]]
