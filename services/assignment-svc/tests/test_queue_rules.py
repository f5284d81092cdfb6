"""A2.6: queue rules per centre, with what a project or its campaign says instead; one resolution for all of them."""

from typing import Any

import pytest
from assignment_svc.queue_rules.rules import BUILT_IN, resolve
from assignment_svc.testing import PROJECT, CallCentre
from contracts.events.sponsor import QueueRules
from hypothesis import given
from hypothesis import strategies as st

RULES = tuple(BUILT_IN)
NAMES = sorted(QueueRules().__struct_fields__)
INHERITED = [name for name in NAMES if name != "inherited"]
LEVEL = st.dictionaries(st.sampled_from(RULES), st.integers(5, 9), max_size=len(RULES))


@given(st.lists(LEVEL, max_size=3))
def test_a2_6_the_last_level_that_has_a_word_has_its_way_rule_by_rule(levels: list[dict[str, int]]):
    held = resolve(*levels)
    assert held.keys() == BUILT_IN.keys()
    for name in RULES:
        said = [level[name] for level in levels if name in level]
        wanted = said[-1] if said else BUILT_IN[name]
        if name == "speed_warning_minutes" and held["speed_target_minutes"] is not None:
            wanted = min(wanted, held["speed_target_minutes"] - 1)
        assert held[name] == wanted


def test_a2_6_none_at_all_is_a_word_too():
    assert resolve({"max_age_hours": 5}, {"max_age_hours": None})["max_age_hours"] is None
    assert resolve({"speed_target_minutes": 5}, {}, {"speed_target_minutes": None})["speed_target_minutes"] is None


async def _centre_says(centre: CallCentre, **said: Any) -> dict[str, Any]:
    answer = await centre.write("PUT", "queue/defaults", said)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _holds(centre: CallCentre, *names: str, project_id: str = PROJECT) -> tuple[Any, ...]:
    rules = await centre.read(f"campaigns/{project_id}/rules")
    return tuple(rules[name] for name in names)


async def _inherits(centre: CallCentre, *own: str, **queue: Any) -> None:
    rules = QueueRules(**queue, inherited=[name for name in INHERITED if name not in own])
    await centre.project(queue=rules)


@pytest.mark.parametrize(
    ("name", "centres", "projects"),
    [
        ("cool_down_minutes", 7, 9),
        ("max_attempts", 2, 5),
        ("max_age_hours", 48, 24),
        ("order", "oldest", "newest"),
        ("use_partner_priority", False, True),
        ("status_after_request", "queue", "pending"),
        ("lock_minutes", 5, 45),
    ],
)
async def test_a2_6_each_rule_is_the_centres_until_the_project_has_its_own(
    centre: CallCentre, name: str, centres: Any, projects: Any
):
    await _inherits(centre)
    assert (await _centre_says(centre, **{name: centres}))["own_rules"] == [name]
    assert await _holds(centre, name) == (centres,)
    await _inherits(centre, name, **{name: projects})
    assert await _holds(centre, name) == (projects,)
    await _inherits(centre)
    assert await _holds(centre, name) == (centres,), "given back to the centre"
    await _centre_says(centre)
    assert await _holds(centre, name) == (BUILT_IN[name],)


async def test_a2_6_what_the_centre_says_holds_for_leads_that_are_there(centre: CallCentre):
    await _inherits(centre)
    await centre.lead("lead_1", priority="normal")
    await centre.lead("lead_2", priority="high")
    await _centre_says(centre, order="oldest", use_partner_priority=False, cool_down_minutes=0, max_attempts=2)
    for _ in range(2):
        lead_id, token = await centre.claimed()
        assert lead_id == "lead_1", "the oldest, whatever its priority"
        assert (await centre.step(lead_id, "release", token)).status_code == 200
        await centre.fire()
    assert await centre.state_of("lead_1") == "expired", "after its two attempts"
    await _centre_says(centre, max_age_hours=1)
    await centre.pass_time(hours=2)
    assert await centre.state_of("lead_2") == "expired", "too old by the centre's word"


async def test_a2_6_fewer_attempts_by_the_centres_word_end_leads_that_have_used_them(centre: CallCentre):
    await _inherits(centre)
    await _centre_says(centre, cool_down_minutes=0)
    await centre.lead()
    lead_id, token = await centre.claimed()
    await centre.step(lead_id, "release", token)
    await _centre_says(centre, max_attempts=1)
    assert await centre.state_of() == "expired"


async def test_a3_13_a_target_of_the_centre_starts_the_clocks_of_every_project_that_has_none(centre: CallCentre):
    await centre.project("prj_own")
    await centre.rules("prj_own", speed_target_minutes=0)
    await centre.lead()
    await _centre_says(centre, speed_target_minutes=10)
    rows = await centre.service.db.pool.fetch("SELECT subject FROM timers WHERE kind = 'speed'")
    assert [row["subject"] for row in rows] == ["lead_1"]
    assert await _holds(centre, "speed_target_minutes", project_id="prj_own") == (None,)
    assert (await centre.read("work-items/lead_1/clock"))["target_seconds"] == 600


async def test_a2_6_campaigns_leave_what_they_do_not_say_to_project_and_centre(centre: CallCentre):
    await _inherits(centre)
    await _centre_says(centre, callback_public_after_minutes=30, speed_target_minutes=9, lock_minutes=20)
    await centre.rules(speed_target_minutes=4)
    names = ("callback_public_after_minutes", "speed_target_minutes", "own_rules", "lock_minutes")
    assert await _holds(centre, *names) == (30, 4, ["speed_target_minutes"], 20)
    path = f"campaigns/{PROJECT}/settings"
    assert (await centre.read(path))["effective_lock_minutes"] == 20
    assert (await centre.write("PATCH", path, {"lock_minutes": 3})).json()["effective_lock_minutes"] == 3
    assert await _holds(centre, "lock_minutes") == (3,)
    assert (await centre.write("PATCH", path, {"lock_minutes": None})).json()["effective_lock_minutes"] == 20
