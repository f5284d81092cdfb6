"""SQL of dispositions."""

from dataclasses import dataclass
from typing import Any

from asyncpg import UniqueViolationError
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict

COLUMNS = "disposition_id, version, name, kind, call_centre, active"

FIND = f"SELECT {COLUMNS} FROM dispositions WHERE disposition_id = $1"

FIND_FOR_CAMPAIGN = f"""
SELECT {COLUMNS}, (SELECT s.call_centre FROM campaign_settings s WHERE s.project_id = $2) FROM dispositions
WHERE disposition_id = $1
"""

LIST = f"""
SELECT {COLUMNS} FROM dispositions
WHERE ($1::text IS NULL OR kind = $1) AND ($2::boolean IS NULL OR active = $2)
  AND ($3::text IS NULL OR disposition_id > $3)
ORDER BY disposition_id LIMIT $4
"""

INSERT = f"""
INSERT INTO dispositions (disposition_id, name, name_normalised, kind, call_centre)
VALUES ($1, $2, $3, $4, $5) RETURNING {COLUMNS}
"""

UPDATE = f"""
UPDATE dispositions SET name = $3, name_normalised = $4, kind = $5, call_centre = $6, active = $7, version = version + 1
WHERE disposition_id = $1 AND version = $2 RETURNING {COLUMNS}
"""

USED = "SELECT EXISTS (SELECT FROM work_items WHERE disposition_id = $1)"

DELETE = "DELETE FROM dispositions WHERE disposition_id = $1"


@dataclass(frozen=True, slots=True)
class Disposition:
    """`kind` `sales` resolves leads."""

    disposition_id: str
    version: int
    name: str
    kind: str
    call_centre: str
    active: bool


async def find_disposition(work: UnitOfWork, disposition_id: str) -> Disposition | None:
    row = await work.fetchrow(FIND, disposition_id)
    return None if row is None else Disposition(*row)


async def find_for_campaign(
    work: UnitOfWork, disposition_id: str, project_id: str
) -> tuple[Disposition | None, str | None]:
    """And whose leads the campaign's are, where somebody said."""
    row = await work.fetchrow(FIND_FOR_CAMPAIGN, disposition_id, project_id)
    return (None, None) if row is None else (Disposition(*tuple(row)[:6]), row[6])


async def list_dispositions(work: UnitOfWork, *filters: Any) -> list[Disposition]:
    """Filters: kind, active, after this id, limit."""
    return [Disposition(*row) for row in await work.fetch(LIST, *filters)]


async def insert_disposition(work: UnitOfWork, new: Disposition) -> Disposition:
    """Raises 409 when the call centre has one of that name."""
    try:
        row = await work.fetchrow(INSERT, new.disposition_id, new.name, new.name.casefold(), new.kind, new.call_centre)
    except UniqueViolationError:
        raise _taken() from None
    assert row is not None  # noqa: S101 -- an insert returns its row
    return Disposition(*row)


async def update_disposition(work: UnitOfWork, new: Disposition) -> Disposition | None:
    """None when its version is no longer the newest."""
    values = (new.name, new.name.casefold(), new.kind, new.call_centre, new.active)
    try:
        row = await work.fetchrow(UPDATE, new.disposition_id, new.version, *values)
    except UniqueViolationError:
        raise _taken() from None
    return None if row is None else Disposition(*row)


async def is_used(work: UnitOfWork, disposition_id: str) -> bool:
    return bool(await work.fetchval(USED, disposition_id))


async def delete_disposition(work: UnitOfWork, disposition_id: str) -> None:
    await work.execute(DELETE, disposition_id)


def _taken() -> Exception:
    return conflict("disposition-name-taken", "The call centre has a disposition of this name already.")
