"""SQL of campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from messaging.unit_of_work import UnitOfWork

# The old row is locked and read before it is overwritten: a change is told by whoever makes it, once.
LOCK = "SELECT version, told FROM projects WHERE project_id = $1 FOR UPDATE"
UPSERT = """
INSERT INTO projects (project_id, version, name, state, told) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (project_id) DO UPDATE
SET version = excluded.version, name = excluded.name, state = excluded.state, told = excluded.told
WHERE projects.version < excluded.version
RETURNING true
"""
READ_NAMES = "SELECT project_id, name FROM projects WHERE project_id = ANY($1)"
KEEP_TEMPLATES = """
INSERT INTO campaign_templates (project_id, version, template_ids)
SELECT project_id, version, ARRAY(SELECT jsonb_array_elements_text(template_ids))
FROM jsonb_to_recordset($1) AS c(project_id text, version bigint, template_ids jsonb) ORDER BY project_id
ON CONFLICT (project_id) DO UPDATE SET version = excluded.version, template_ids = excluded.template_ids
WHERE campaign_templates.version < excluded.version
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRow:
    """`told` is what partners that feed it are told of."""

    project_id: str
    version: int
    name: str
    state: str
    told: dict[str, str]


async def replace(work: UnitOfWork, row: ProjectRow) -> tuple[bool, dict[str, Any] | None]:
    """Whether it is newer than what was known, and what that had been; None for a project that is new here."""
    known = await work.fetchrow(LOCK, row.project_id)
    newer = await work.fetchval(UPSERT, row.project_id, row.version, row.name, row.state, row.told)
    return bool(newer), None if known is None else known["told"]


async def read_names(work: UnitOfWork, project_ids: Sequence[str]) -> dict[str, str]:
    return {row["project_id"]: row["name"] for row in await work.fetch(READ_NAMES, project_ids)}


async def keep_templates(work: UnitOfWork, campaigns: Sequence[dict[str, Any]]) -> None:
    await work.execute(KEEP_TEMPLATES, campaigns)
