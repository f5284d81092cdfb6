"""SQL of the projection of projects."""

from collections.abc import Sequence
from dataclasses import dataclass

from messaging.unit_of_work import UnitOfWork

UPSERT_PROJECTS = """
INSERT INTO projects (project_id, name, call_centre_validation, version)
SELECT * FROM jsonb_to_recordset($1)
    AS p(project_id text, name text, call_centre_validation boolean, version bigint)
ORDER BY project_id
ON CONFLICT (project_id) DO UPDATE
SET name = excluded.name, call_centre_validation = excluded.call_centre_validation, version = excluded.version
WHERE projects.version < excluded.version
"""


@dataclass(frozen=True, slots=True)
class ProjectRow:
    project_id: str
    name: str
    call_centre_validation: bool
    version: int


async def upsert_projects(work: UnitOfWork, projects: Sequence[ProjectRow]) -> None:
    """One row per project; a version that is not newer than the stored one changes nothing."""
    await work.execute(UPSERT_PROJECTS, projects)
