"""An agent fills in an activated survey (A3.3, A3.4)."""

from collections.abc import Mapping
from typing import Any

from asyncpg import Record
from contracts.events.assignment import SurveyAnsweredV1
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, FieldError, Kind, invalid

from assignment_svc.surveys import store
from assignment_svc.surveys.rules import answered, misfits
from assignment_svc.templates.store import is_activated
from assignment_svc.work_items.change import lead_ref
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.transition import touch


async def answer_survey(
    work: UnitOfWork, item: WorkItem, actor: str, given: Mapping[str, Any], token: int | None
) -> str:
    """`given`: template_id, template_version and answers. Returns the answer's id; raises 422 naming every misfit."""
    survey = await _find(work, item, given)
    answers = answered(given["answers"])
    wrong = misfits(survey["questions"], answers)
    if wrong:
        errors = [FieldError(f"/answers/{key}", code, words) for key, code, words in wrong]
        raise DomainError(Kind.INVALID, "answers-do-not-fit", errors=errors)
    answer_id = new_id("ans")
    told: dict[str, Any] = {
        "answer_id": answer_id,
        "template_id": survey["template_id"],
        "template_version": survey["version"],
    }
    version = await touch(work, item, actor, ("survey_answered", told), token)
    agent_id = item.agent_id or actor
    values = (survey["template_id"], survey["version"], agent_id, answers)
    await store.insert_answers(work, answer_id, item.lead_id, *values)
    event = SurveyAnsweredV1(
        lead=lead_ref(item), actor=actor, received_at=item.received_at, agent_id=agent_id, answers=answers, **told
    )
    work.publish(event, sequence=version)
    return answer_id


async def _find(work: UnitOfWork, item: WorkItem, given: Mapping[str, Any]) -> Record:
    template_id = given["template_id"]
    if not await is_activated(work, item.project_id, "survey", template_id):
        raise invalid("template-not-activated", "The survey is not activated for this campaign.", "/template_id")
    survey = await store.find_survey(work, template_id, given["template_version"])
    if survey is None:
        raise invalid("version-unknown", "The survey has no such version.", "/template_version")
    if not survey["active"]:
        raise invalid("survey-out-of-use", "The survey was taken out of use.", "/template_id")
    return survey
