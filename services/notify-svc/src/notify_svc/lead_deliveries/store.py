"""SQL of leads that are to be delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from contracts.envelope import Trace
from contracts.events.values import LeadRef
from messaging.unit_of_work import UnitOfWork

_DUE = "content IS NOT NULL AND delivers AND NOT delivered AND verdict IN ('confirmed', 'released')"
_RETURNED = "lead_id, lead, content, cause_id, cause_type, trace, decided_at, verdict_version"

# Content and verdict come in any order, and whoever comes second finds both: they meet in the lead's row.
KEEP_CONTENT = f"""
WITH kept AS (
    INSERT INTO held_leads AS h (lead_id, version, lead, content, delivers)
    SELECT lead_id, version, lead, CASE WHEN delivers THEN content END, delivers
    FROM jsonb_to_recordset($1) AS n(lead_id text, version bigint, lead jsonb, content jsonb, delivers boolean)
    ORDER BY lead_id
    ON CONFLICT (lead_id) DO UPDATE
    SET version = excluded.version, lead = excluded.lead, content = excluded.content, delivers = excluded.delivers
    WHERE h.version < excluded.version AND NOT h.delivered
    RETURNING *
)
SELECT {_RETURNED} FROM kept WHERE {_DUE}
"""

KEEP_VERDICTS = f"""
WITH kept AS (
    INSERT INTO held_leads AS h (lead_id, verdict, verdict_version, cause_id, cause_type, trace, decided_at)
    SELECT lead_id, verdict, version, cause_id, cause_type, trace, CASE WHEN verdict <> 'open' THEN at END
    FROM jsonb_to_recordset($1) AS n(
        lead_id text, verdict text, version bigint, cause_id uuid, cause_type text, trace jsonb, at timestamptz
    )
    ORDER BY lead_id
    ON CONFLICT (lead_id) DO UPDATE
    SET verdict = excluded.verdict, verdict_version = excluded.verdict_version, cause_id = excluded.cause_id,
        cause_type = excluded.cause_type, trace = excluded.trace, decided_at = excluded.decided_at
    WHERE h.verdict_version < excluded.verdict_version
    RETURNING *
)
SELECT {_RETURNED} FROM kept WHERE {_DUE}
"""

DELIVERED = "UPDATE held_leads SET delivered = true, content = NULL WHERE lead_id = ANY($1)"

# Confirmed while nobody was there to receive them.
FIND_UNDELIVERED = f"""
SELECT {_RETURNED} FROM held_leads
WHERE {_DUE} AND decided_at >= $1 AND lead ->> $2 = $3 ORDER BY lead_id LIMIT 10000 FOR UPDATE
"""

FIND_RECEIVERS = """
SELECT id, kind, owner_kind, owner_id, target_project_id FROM webhook_endpoints
WHERE deleted_at IS NULL AND receives_leads AND (
    (owner_kind = 'partner' AND owner_id = ANY($1)) OR (owner_kind = 'sponsor' AND owner_id = ANY($2))
    OR (owner_kind = 'project' AND owner_id = ANY($3))
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLead:
    """A lead with its content, and the decision that lets it go."""

    lead_id: str
    lead: LeadRef
    content: dict[str, Any]
    cause_id: UUID
    cause_type: str
    trace: Trace
    decided_at: datetime
    verdict_version: int


@dataclass(frozen=True, slots=True)
class Receiver:
    """An endpoint that is marked `receives_leads`."""

    id: str
    kind: str
    owner_kind: str
    owner_id: str
    target_project_id: str | None


async def keep_content(work: UnitOfWork, rows: Sequence[dict[str, Any]]) -> list[HeldLead]:
    """Those that are decided already, and now due. One row per lead."""
    return [_held(row) for row in await work.fetch(KEEP_CONTENT, rows)]


async def keep_verdicts(work: UnitOfWork, rows: Sequence[dict[str, Any]]) -> list[HeldLead]:
    """Those whose content is here already, and now due. One row per lead."""
    return [_held(row) for row in await work.fetch(KEEP_VERDICTS, rows)]


async def set_delivered(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    await work.execute(DELIVERED, lead_ids)


async def find_undelivered(work: UnitOfWork, since: datetime, field: str, value: str) -> list[HeldLead]:
    """`field` is `sponsor_id` or `project_id`."""
    return [_held(row) for row in await work.fetch(FIND_UNDELIVERED, since, field, value)]


async def find_receivers(
    work: UnitOfWork, *, partners: Sequence[str] = (), sponsors: Sequence[str] = (), projects: Sequence[str] = ()
) -> list[Receiver]:
    rows = await work.fetch(FIND_RECEIVERS, list(partners), list(sponsors), list(projects))
    return [Receiver(**row) for row in rows]


def _held(row: Any) -> HeldLead:
    values: dict[str, Any] = dict(row)
    converted: dict[str, Any] = {
        "lead": msgspec.convert(row["lead"], LeadRef),
        "trace": msgspec.convert(row["trace"], Trace),
    }
    return HeldLead(**(values | converted))
