"""A3.3, A3.4, A3.8: activated templates, surveys and opportunity tools in agents' hands."""

import csv
from typing import Any

import pytest
from assignment_svc.surveys.rules import misfits
from assignment_svc.testing import AGENT, PROJECT, CallCentre
from assignment_svc.tools.rules import filled
from contracts.events.assignment import (
    CampaignChangedV1,
    MessageRequestedV1,
    OpportunityCreatedV1,
    SurveyAnsweredV1,
)
from contracts.events.values import Account

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
    assert (await _activate(centre, survey_template_ids=["svy_x"])).json()["code"] == "survey-unknown"
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


async def _tool(centre: CallCentre, **fields: Any) -> Any:
    tool: dict[str, Any] = {
        "name": "Solar",
        "description": "Make an offer",
        "module": "energy",
        "fields": [
            {"name": "first_name"},
            {"name": "size", "default": 3},
            {"name": "stage", "editable": False, "default": "new"},
            {"name": "roof", "default": "flat"},
            {"name": "secret", "active": False, "default": "x"},
        ],
    }
    return await centre.write("POST", f"campaigns/{PROJECT}/tools", {**tool, **fields})


async def test_a3_8_using_a_tool_makes_an_opportunity_with_account_and_contact_linked(centre: CallCentre):
    account = Account(external_id="acc_1", name="Virtanen Oy", fields={"industry": "Construction"})
    await centre.lead("lead_1", account=account, custom={"roof": "steep", "size": 9})
    _, token = await centre.claimed()
    tool_id = (await _tool(centre)).json()["id"]
    made = await centre.step("lead_1", "opportunities", token, tool_id=tool_id, fields={"size": 5})
    assert made.status_code == 201, made.text
    assert made.json()["fields"] == {"first_name": "Aino", "size": 5, "stage": "new", "roof": "flat"}
    (event,) = await centre.service.published(OpportunityCreatedV1)
    assert isinstance(event, OpportunityCreatedV1)
    assert (event.account, event.contact.last_name, event.tool) == (account, "Virtanen", "Solar")
    assert (await centre.told())[-1] == "opportunity.created 3"
    listed = await centre.read("opportunities?lead_id=lead_1", centre.as_agent())
    assert [row["id"] for row in listed["data"]] == [made.json()["id"]]
    assert (await centre.read("opportunities", centre.as_agent("usr_other")))["data"] == []


async def test_a3_8_fields_that_may_not_be_edited_are_named(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    tool_id = (await _tool(centre)).json()["id"]
    for fields, status, pointer in (
        ({"stage": "won"}, 403, "/fields/stage"),
        ({"secret": "y"}, 422, "/fields/secret"),
        ({"account": "acc_2"}, 422, "/fields/account"),
    ):
        refused = await centre.step("lead_1", "opportunities", token, tool_id=tool_id, fields=fields)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (status, pointer)
    unknown = await centre.step("lead_1", "opportunities", token, tool_id="tol_x")
    assert unknown.json()["code"] == "tool-unknown"
    assert (await centre.step("lead_1", "opportunities", tool_id=tool_id)).status_code == 423


async def test_a3_8_tools_are_checked_changed_and_kept_when_used(centre: CallCentre):
    for name in ("account", "contact", "account_id", "contact_id", "Size", ""):
        assert (await _tool(centre, fields=[{"name": name}])).status_code == 422, name
    assert (await _tool(centre, fields=[{"name": "a"}, {"name": "a"}])).status_code == 422
    used, unused = (await _tool(centre)).json()["id"], (await _tool(centre)).json()["id"]
    path = f"campaigns/{PROJECT}/tools"
    await centre.lead()
    _, token = await centre.claimed()
    changed = await centre.write("PATCH", f"{path}/{used}", {"fields": [{"name": "size", "default": 1}]})
    assert (changed.json()["version"], changed.json()["name"]) == (2, "Solar")
    made = await centre.step("lead_1", "opportunities", token, tool_id=used)
    assert made.json()["fields"] == {"size": 1}, "usable at once after saving"
    assert (await centre.write("DELETE", f"{path}/{unused}", None)).status_code == 204
    kept = await centre.write("DELETE", f"{path}/{used}", None)
    assert (kept.status_code, kept.json()["active"]) == (200, False)
    assert (await centre.step("lead_1", "opportunities", token, tool_id=used)).status_code == 422
    assert [row["id"] for row in (await centre.read(path, centre.as_agent()))["data"]] == [used]
    await centre.read(f"{path}/{unused}", status=404)


def test_a3_8_an_edit_comes_before_the_default_and_that_before_what_is_known():
    field = {"name": "a", "active": True, "editable": True, "default": None}
    with_default = {**field, "default": "default"}
    assert filled([with_default], {"a": "edit"}, {"a": "known"}) == {"a": "edit"}
    assert filled([with_default], {}, {"a": "known"}) == {"a": "default"}
    assert filled([field], {}, {"a": "known"}) == {"a": "known"}
    assert filled([field], {}, {}) == {}
