"""SQL of surveys."""

from collections.abc import Mapping, Sequence
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.conditions import Conditions

_TEMPLATE = """
SELECT t.template_id, t.name, t.active, v.version, v.questions
FROM survey_templates t JOIN survey_versions v USING (template_id)
"""

FIND = f"{_TEMPLATE} WHERE t.template_id = $1 AND v.version = coalesce($2, t.version)"

LIST = f"""{_TEMPLATE}
WHERE v.version = t.version AND ($1::boolean IS NULL OR t.active = $1) AND ($2::text IS NULL OR t.template_id > $2)
ORDER BY t.template_id LIMIT $3
"""

INSERT = """
WITH made AS (INSERT INTO survey_templates (template_id, version, name) VALUES ($1, 1, $2))
INSERT INTO survey_versions (template_id, version, questions) VALUES ($1, 1, $3)
"""

# Each change is a version, so that an ETag names one; questions that stay are copied into it.
CHANGE = """
WITH changed AS (
    UPDATE survey_templates SET version = version + 1, name = $3, active = $4
    WHERE template_id = $1 AND version = $2 RETURNING template_id, version
)
INSERT INTO survey_versions (template_id, version, questions) SELECT template_id, version, $5 FROM changed
RETURNING version
"""

UNKNOWN = """
SELECT wanted.template_id FROM unnest($1::text[]) AS wanted (template_id)
WHERE NOT EXISTS (SELECT FROM survey_templates t WHERE t.template_id = wanted.template_id AND t.active)
"""

ANSWERED = "SELECT EXISTS (SELECT FROM survey_answers WHERE template_id = $1)"

DELETE = "DELETE FROM survey_templates WHERE template_id = $1"

INSERT_ANSWERS = """
INSERT INTO survey_answers (answer_id, lead_id, template_id, template_version, agent_id, answers)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING at
"""

ANSWERS = """
SELECT s.answer_id, s.lead_id, l.project_id, s.template_id, s.template_version, s.agent_id, s.at, s.answers
FROM survey_answers s JOIN work_items w USING (lead_id) JOIN leads l USING (lead_id)
WHERE {} ORDER BY s.answer_id DESC LIMIT {}
"""

KEYS = """
SELECT key FROM (
    SELECT DISTINCT ON (key) q.question ->> 'key' AS key, v.version, q.place
    FROM survey_versions v, jsonb_array_elements(v.questions) WITH ORDINALITY AS q (question, place)
    WHERE v.template_id = $1 ORDER BY key, v.version DESC
) newest ORDER BY version DESC, place
"""


async def find_survey(work: UnitOfWork, template_id: str, version: int | None = None) -> Record | None:
    """In that version, or the newest."""
    return await work.fetchrow(FIND, template_id, version)


async def list_surveys(work: UnitOfWork, active: bool | None, past: str | None, limit: int) -> list[Record]:
    return await work.fetch(LIST, active, past, limit)


async def insert_survey(work: UnitOfWork, template_id: str, name: str, questions: Sequence[Mapping[str, Any]]) -> None:
    await work.execute(INSERT, template_id, name, questions)


async def change_survey(work: UnitOfWork, found: Record, changed: Mapping[str, Any]) -> bool:
    """`changed`: name, active and questions as they will be. False when it is no longer as it was found."""
    values = (changed["name"], changed["active"], changed["questions"])
    return await work.fetchval(CHANGE, found["template_id"], found["version"], *values) is not None


async def find_unknown(work: UnitOfWork, template_ids: Sequence[str]) -> list[str]:
    return [row["template_id"] for row in await work.fetch(UNKNOWN, template_ids)]


async def is_answered(work: UnitOfWork, template_id: str) -> bool:
    return bool(await work.fetchval(ANSWERED, template_id))


async def delete_survey(work: UnitOfWork, template_id: str) -> None:
    await work.execute(DELETE, template_id)


async def insert_answers(work: UnitOfWork, *values: Any) -> Any:
    """Answer, lead, template, its version, agent, answers; returns when."""
    return await work.fetchval(INSERT_ANSWERS, *values)


async def list_answers(work: UnitOfWork, where: Conditions, limit: int) -> list[Record]:
    """Newest first."""
    return await work.fetch(ANSWERS.format(where.sql, where.value(limit)), *where.args)


async def read_keys(work: UnitOfWork, template_id: str) -> list[str]:
    """Of every question that a version has or had: the newest version's first, each version's in their order."""
    return [row["key"] for row in await work.fetch(KEYS, template_id)]
