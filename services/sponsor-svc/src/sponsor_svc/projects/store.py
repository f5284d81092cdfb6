"""SQL of the projects."""

from dataclasses import dataclass

import msgspec
from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.projects.project import Project, ProjectSettings
from sponsor_svc.scope import Scope

_SETTINGS = """
    name, kind, sponsor_id, call_centre_validation, after_validation, written_confirmation, region,
    calling_hours, queue, duplicates, checks, validation, intake, offer
"""
_COLUMNS = f"id, state, version, created_at, updated_at, {_SETTINGS}"

INSERT = f"""
INSERT INTO projects (id, state, {_SETTINGS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
RETURNING {_COLUMNS}
"""

UPDATE = f"""
UPDATE projects SET ({_SETTINGS}) = ROW ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15),
    version = version + 1, updated_at = now()
WHERE id = $1
RETURNING {_COLUMNS}
"""

SET_STATE = f"""
UPDATE projects SET state = $2, version = version + 1, updated_at = now() WHERE id = $1 RETURNING {_COLUMNS}
"""

FIND = f"SELECT {_COLUMNS} FROM projects WHERE id = $1 AND ($2::text[] IS NULL OR sponsor_id = ANY($2))"
FIND_TO_CHANGE = f"SELECT {_COLUMNS} FROM projects WHERE id = $1 FOR UPDATE"

LIST = f"""
SELECT {_COLUMNS} FROM projects
WHERE ($1::text[] IS NULL OR sponsor_id = ANY($1)) AND ($2::text IS NULL OR sponsor_id = $2)
    AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR kind = $4) AND ($5::text IS NULL OR id < $5)
ORDER BY id DESC LIMIT $6
"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which rows; `before` is the id that the page before ended with."""

    sponsor_id: str | None
    state: str | None
    kind: str | None
    before: str | None
    limit: int


async def insert(work: UnitOfWork, project_id: str, state: str, settings: ProjectSettings) -> Project:
    return _stored(await work.fetchrow(INSERT, project_id, state, *_values(settings)))


async def update(work: UnitOfWork, project_id: str, settings: ProjectSettings) -> Project:
    return _stored(await work.fetchrow(UPDATE, project_id, *_values(settings)))


async def set_state(work: UnitOfWork, project_id: str, state: str) -> Project:
    return _stored(await work.fetchrow(SET_STATE, project_id, state))


async def find(work: UnitOfWork, project_id: str, scope: Scope) -> Project | None:
    row = await work.fetchrow(FIND, project_id, scope.sponsor_ids)
    return None if row is None else _stored(row)


async def find_to_change(work: UnitOfWork, project_id: str) -> Project | None:
    row = await work.fetchrow(FIND_TO_CHANGE, project_id)
    return None if row is None else _stored(row)


async def list_page(work: UnitOfWork, scope: Scope, wanted: Wanted) -> list[Project]:
    """Newest first."""
    values = (scope.sponsor_ids, wanted.sponsor_id, wanted.state, wanted.kind, wanted.before, wanted.limit)
    return [_stored(row) for row in await work.fetch(LIST, *values)]


def _values(settings: ProjectSettings) -> tuple[object, ...]:
    return (
        settings.name,
        settings.kind,
        settings.sponsor_id,
        settings.call_centre_validation,
        settings.after_validation,
        settings.written_confirmation,
        settings.region,
        settings.calling_hours,
        settings.queue,
        settings.duplicates,
        settings.checks,
        settings.validation,
        settings.intake,
        settings.offer,
    )


def _stored(row: Record | None) -> Project:
    assert row is not None  # noqa: S101 -- the caller holds the row, or made it
    return msgspec.convert(dict(row), Project)
