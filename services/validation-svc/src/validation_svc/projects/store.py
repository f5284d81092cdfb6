"""SQL of the projection of projects."""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Record
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

# `release_version` remembers when the project last came to release what is held, decided on the row as it is locked.
UPSERT_PROJECTS = """
INSERT INTO projects AS p (
    project_id, name, call_centre_validation, max_attempts, held_leads, propose_return, version, release_version
)
SELECT n.*, CASE WHEN NOT n.call_centre_validation AND n.held_leads = 'release' THEN n.version END
FROM jsonb_to_recordset($1) AS n(
    project_id text, name text, call_centre_validation boolean, max_attempts smallint, held_leads text,
    propose_return text, version bigint
)
ORDER BY n.project_id
ON CONFLICT (project_id) DO UPDATE
SET name = excluded.name, call_centre_validation = excluded.call_centre_validation,
    max_attempts = excluded.max_attempts, held_leads = excluded.held_leads, propose_return = excluded.propose_return,
    version = excluded.version,
    release_version = CASE WHEN excluded.release_version IS NOT NULL
        THEN COALESCE(p.release_version, excluded.release_version) END
WHERE p.version < excluded.version
RETURNING p.project_id, p.release_version = p.version AS turned_to_release
"""

READ_VIEW = "SELECT call_centre_validation FROM projects WHERE project_id = $1"
READ_ANY_VIEW = "SELECT EXISTS (SELECT FROM projects WHERE call_centre_validation) AS call_centre_validation"


@dataclass(frozen=True, slots=True)
class ProjectRow:
    project_id: str
    name: str
    call_centre_validation: bool
    max_attempts: int
    held_leads: str
    propose_return: str
    version: int


async def upsert_projects(work: UnitOfWork, projects: Sequence[ProjectRow]) -> list[str]:
    """One row per project; a version that is not newer than the stored one changes nothing.

    Says which projects from now on release what is held and did not before.
    """
    rows = await work.fetch(UPSERT_PROJECTS, projects)
    return [row["project_id"] for row in rows if row["turned_to_release"]]


async def read_validation(database: Database, project_id: str | None) -> bool | None:
    """Whether the project, or without one any project, is validated; None for one that is unknown."""
    row: Record | None
    if project_id is None:
        row = await database.reader.fetchrow(READ_ANY_VIEW)
    else:
        row = await database.reader.fetchrow(READ_VIEW, project_id)
    return row["call_centre_validation"] if row else None
