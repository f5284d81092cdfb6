"""SQL of the journal: what waits in a service to be told to identity-svc."""

from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from servicekit.audit.doer import Act, Doer

ACT_AS = "SELECT set_config('leadwire.audit', $1::jsonb::text, true)"
_COLUMNS = "actor, access_level, request_id, operation, action, object_kind, object_id, subjects, details"
_VALUES = """
SELECT doer->>'actor', doer->>'access_level', doer->>'request_id', doer->>'operation', $1, $2, $3, $4::text[], $5::jsonb
FROM coalesce(nullif(current_setting('leadwire.audit', true), '')::jsonb, '{"actor": "system"}') AS doer
"""
RECORD = f"INSERT INTO audit_journal ({_COLUMNS}) {_VALUES}"
# Rows of the operation's own transaction: a watched row has told more than the operation could.
RECORD_UNLESS_TOLD = f"""
{RECORD} WHERE NOT EXISTS (SELECT FROM audit_journal WHERE transaction = pg_current_xact_id())
"""
TAKE = """
DELETE FROM audit_journal WHERE position = ANY (ARRAY(
    SELECT position FROM audit_journal ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED
))
RETURNING position, at, actor, access_level, request_id, operation, action, object_kind, object_id, subjects, changes,
    details
"""


async def act_as(work: UnitOfWork, doer: Doer) -> None:
    """Until the commit, entries name them."""
    await work.fetchval(ACT_AS, doer.as_setting())


async def record(work: UnitOfWork, act: Act) -> None:
    """Commits with what was done, under the name that `act_as` was given."""
    await work.execute(RECORD, *_parameters(act))


async def record_unless_told(work: UnitOfWork, act: Act) -> None:
    """Nothing, if a watched row has left an entry in this transaction."""
    await work.execute(RECORD_UNLESS_TOLD, *_parameters(act))


async def take(work: UnitOfWork, limit: int) -> list[Record]:
    """The oldest entries, which are gone with this transaction."""
    return sorted(await work.fetch(TAKE, limit), key=lambda row: row["position"])


def _parameters(act: Act) -> tuple[Any, ...]:
    return act.action, act.object_kind, act.object_id, list(act.subjects), dict(act.details)
