"""A3.3, A3.4: activated templates and surveys in agents' hands."""

import csv
from typing import Any

import pytest
from assignment_svc.surveys.rules import misfits
from assignment_svc.testing import AGENT, PROJECT, CallCentre
from contracts.events.assignment import (
    CampaignChangedV1,
    MessageRequestedV1,
    SurveyAnsweredV1,
)

QUESTIONS = [
    {"key": "why", "type": "text", "label": "Why?", "required": True},
    {"key": "score", "type": "number", "label": "How likely?"},
    {"key": "plan", "type": "choice", "label": "Which?", "choices": ["small", "large"]},
    {"key": "uses", "type": "multi-choice", "label": "What for?", "choices": ["heat", "light"]},
    {"key": "from", "type": "date", "label": "From when?"},
]


async def _survey(centre: CallCentre, questions: Any = None) -> str:
    made = await centre.write("POST", "survey-templates", {"name": "Move", "questions": questions or QUESTIONS})
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def _activate(centre: CallCentre, **ids: list[str]) -> Any:
    return await centre.write("PUT", f"campaigns/{PROJECT}/templates", ids)


async def test_a3_3_templates_are_activated_per_campaign_and_others_are_told(centre: CallCentre):
    survey_id = await _survey(centre)
    assert (await _activate(centre, email_template_ids=["tpl_2", "tpl_1", "tpl_1"])).status_code == 200
    answer = await _activate(centre, survey_template_ids=[survey_id])
    assert answer.json()["email_template_ids"] == ["tpl_1", "tpl_2"], "what is left out stays"
    event = (await centre.service.published(CampaignChangedV1))[-1]
    assert isinstance(event, CampaignChangedV1)
    assert (event.agent_ids, event.email_template_ids) == ([AGENT], ["tpl_1", "tpl_2"])
    assert event.survey_template_ids == [survey_id]
    unknown = (await _activate(centre, survey_template_ids=[survey_id, "svy_x"])).json()["errors"][0]
    assert (unknown["code"], unknown["pointer"]) == ("survey-unknown", "/survey_template_ids/1")
    assert (await centre.read(f"campaigns/{PROJECT}/templates", centre.as_agent())) == answer.json()


async def test_a3_3_an_agent_sends_an_activated_template_to_the_lead(centre: CallCentre):
    await _activate(centre, email_template_ids=["tpl_1"])
    await centre.lead()
    _, token = await centre.claimed()
    refused = await centre.step("lead_1", "messages", token, template_id="tpl_2")
    assert (refused.status_code, refused.json()["code"]) == (422, "template-not-activated")
    assert (await centre.step("lead_1", "messages", template_id="tpl_1")).status_code == 423
    forged = await centre.step("lead_1", "messages", token, template_id="tpl_1", recipient="me@example.com")
    assert forged.status_code == 422
    sent = await centre.step("lead_1", "messages", token, template_id="tpl_1")
    assert sent.status_code == 201, sent.text
    (event,) = await centre.service.published(MessageRequestedV1)
    assert isinstance(event, MessageRequestedV1)
    assert (event.message_id, event.recipient) == (sent.json()["id"], "lead_1@example.fi")
    assert event.variables == {
        "first_name": "Aino",
        "last_name": "Virtanen",
        "campaign": PROJECT,
        "agent_name": AGENT,
    }
    assert (await centre.told())[-1] == "message.requested 3"
    assert (await centre.item())["version"] == 3


async def test_a3_4_answers_keep_the_version_that_they_answer(centre: CallCentre):
    survey_id = await _survey(centre)
    await _activate(centre, survey_template_ids=[survey_id])
    await centre.lead()
    _, token = await centre.claimed()
    answers = {
        "why": "=cheaper; warmer",
        "score": 9.5,
        "plan": "large",
        "uses": ["heat", "light"],
        "from": "2027-02-01",
    }
    first = await centre.step("lead_1", "surveys", token, template_id=survey_id, answers=answers)
    assert (first.status_code, first.json()["template_version"]) == (201, 1)
    changed = await centre.write(
        "PATCH", f"survey-templates/{survey_id}", {"questions": [{**QUESTIONS[0], "key": "how"}]}
    )
    assert (changed.json()["version"], changed.headers["ETag"]) == (2, '"2"')
    old = await centre.read(f"survey-templates/{survey_id}?version=1")
    assert [question["key"] for question in old["questions"]] == ["why", "score", "plan", "uses", "from"]
    body = {"template_id": survey_id, "answers": {"how": "by post"}}
    assert (await centre.step("lead_1", "surveys", token, **body)).json()["template_version"] == 2
    opened = {"template_id": survey_id, "template_version": 1, "answers": {"why": "later"}}
    assert (await centre.step("lead_1", "surveys", token, **opened)).json()["template_version"] == 1
    event = (await centre.service.published(SurveyAnsweredV1))[0]
    assert isinstance(event, SurveyAnsweredV1)
    assert (event.answers, event.template_version) == (answers, 1)
    listed = await centre.read(f"survey-answers?template_id={survey_id}", centre.as_agent())
    assert [row["template_version"] for row in listed["data"]] == [1, 2, 1]
    assert (await centre.read("survey-answers", centre.as_agent("usr_other")))["data"] == []
    await centre.read("survey-answers?lead_id=lead_1", centre.as_agent("usr_other"), status=404)
    text = await centre.read(f"survey-answers/export?template_id={survey_id}&delimiter=semicolon")
    assert text.splitlines()[0].split(";")[6:] == ["how", "why", "score", "plan", "uses", "from"], "as they are asked"
    rows = list(csv.DictReader(text.splitlines(), delimiter=";"))
    assert (rows[2]["why"], rows[2]["score"], rows[2]["uses"]) == ("'=cheaper; warmer", "9.5", "heat; light")
    assert (rows[1]["how"], rows[1]["why"]) == ("by post", "")
    await centre.read(f"survey-answers/export?template_id={survey_id}", centre.as_agent(), status=403)
    await centre.read("survey-answers/export?template_id=svy_x", status=404)


async def test_a3_4_answers_that_do_not_fit_are_named_one_by_one(centre: CallCentre):
    survey_id = await _survey(centre)
    await _activate(centre, survey_template_ids=[survey_id])
    await centre.lead()
    _, token = await centre.claimed()
    answers = {"score": "many", "plan": "huge", "uses": ["heat", "heat"], "from": "2027-02-30", "other": "x"}
    refused = await centre.step("lead_1", "surveys", token, template_id=survey_id, answers=answers)
    assert refused.status_code == 422
    assert {error["pointer"] for error in refused.json()["errors"]} == {
        f"/answers/{key}" for key in ("why", "score", "plan", "uses", "from", "other")
    }
    assert "huge" not in refused.text
    wrong: dict[str, Any] = {"template_id": survey_id, "template_version": 7, "answers": {"why": "x"}}
    assert (await centre.step("lead_1", "surveys", token, **wrong)).json()["code"] == "version-unknown"


async def test_a3_4_a_survey_that_was_taken_out_of_use_is_filled_in_nowhere(centre: CallCentre):
    survey_id = await _survey(centre)
    await _activate(centre, survey_template_ids=[survey_id])
    await centre.lead()
    _, token = await centre.claimed()
    body: dict[str, Any] = {"template_id": survey_id, "answers": {"why": "x"}}
    await centre.write("PATCH", f"survey-templates/{survey_id}", {"active": False})
    for version in ({}, {"template_version": 1}):
        refused = await centre.step("lead_1", "surveys", token, **body, **version)
        assert (refused.status_code, refused.json()["code"]) == (422, "survey-out-of-use")
    await centre.write("PATCH", f"survey-templates/{survey_id}", {"active": True})
    assert (await centre.step("lead_1", "surveys", token, **body)).status_code == 201


async def test_a3_4_what_was_left_open_is_no_answer_however_it_is_sent(centre: CallCentre):
    survey_id = await _survey(centre)
    await _activate(centre, survey_template_ids=[survey_id])
    await centre.lead()
    _, token = await centre.claimed()
    left_open = {"score": "", "plan": "", "uses": [], "from": None}
    answer = await centre.step("lead_1", "surveys", token, template_id=survey_id, answers={"why": "x", **left_open})
    assert (answer.status_code, answer.json()["answers"]) == (201, {"why": "x"})
    for nothing in ("", "  ", None):
        refused = await centre.step("lead_1", "surveys", token, template_id=survey_id, answers={"why": nothing})
        assert refused.json()["errors"][0]["code"] == "answer-missing"


@pytest.mark.parametrize("answer", [True, "12", [1], {}])
def test_a3_4_a_number_is_a_number(answer: Any):
    assert [code for _, code, _ in misfits([{**QUESTIONS[1], "required": False, "choices": []}], {"score": answer})]


async def test_a3_4_templates_are_checked_and_kept_while_used(centre: CallCentre):
    first = QUESTIONS[0]
    for wrong in (
        [],
        [first, first],
        [{**first, "type": "choice"}],
        [{**first, "choices": ["a"]}],
        [{**first, "key": "Why?"}],
        [{**first, "key": "at"}],
        [{**first, "type": "essay"}],
        [{**first, "version": 3}],
    ):
        refused = await centre.write("POST", "survey-templates", {"name": "n", "questions": wrong})
        assert refused.status_code == 422, wrong
    survey_id = await _survey(centre)
    path = f"survey-templates/{survey_id}"
    stale = {**centre.service.headers("admin"), "If-Match": '"4"'}
    assert (await centre.write("PATCH", path, {"name": "x"}, stale)).status_code == 412
    await _activate(centre, survey_template_ids=[survey_id])
    used = await centre.write("DELETE", path, None)
    assert (used.status_code, used.json()["uses"]) == (409, [PROJECT])
    await _activate(centre, survey_template_ids=[])
    assert (await centre.write("DELETE", path, None)).status_code == 204
    await centre.read(path, status=404)
    assert (await centre.write("POST", "survey-templates", {}, centre.as_agent())).status_code in {403, 422}


async def test_a3_3_i2_18_nobody_writes_to_an_address_on_a_suppression_list(centre: CallCentre):
    """Nor to one of a lead that is closed, and that the list therefore left as it is."""
    await _activate(centre, email_template_ids=["tpl_1"])
    await centre.lead()
    _, token = await centre.claimed()
    await centre.service.db.pool.execute("UPDATE leads SET email = 'other@gone.example', email_domain = 'gone.example'")
    await centre.service.db.pool.execute(
        "INSERT INTO suppressions (suppression_id, version, identity, scope, removed)"
        " VALUES ('sup_1', 1, 'domain:gone.example', 'global', false)"
    )
    refused = await centre.step("lead_1", "messages", token, template_id="tpl_1")
    assert (refused.status_code, refused.json()["code"]) == (409, "address-suppressed")
    await centre.service.db.pool.execute("UPDATE suppressions SET removed = true")
    assert (await centre.step("lead_1", "messages", token, template_id="tpl_1")).status_code == 201
