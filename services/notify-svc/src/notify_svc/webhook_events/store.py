"""SQL of the fan-out: who listens, and what partners call their leads."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from contracts.events.values import LeadRef
from messaging.unit_of_work import UnitOfWork

from notify_svc.webhook_events.catalogue import Owner

_LISTENER = "id, owner_kind, owner_id, event_types"
FIND_LISTENERS = f"""
SELECT {_LISTENER} FROM webhook_endpoints
WHERE deleted_at IS NULL AND kind = 'webhook' AND event_types <> '{{}}' AND (
    (owner_kind = 'partner' AND owner_id = ANY($1)) OR (owner_kind = 'sponsor' AND owner_id = ANY($2))
    OR (owner_kind = 'project' AND owner_id = ANY($3)) OR owner_kind = 'crm'
)
"""
FIND_NAMED = f"""
SELECT {_LISTENER} FROM webhook_endpoints WHERE deleted_at IS NULL AND kind = 'webhook' AND id = ANY($1)
"""

KEEP_EXTERNAL_IDS = """
INSERT INTO external_ids (lead_id, partner_id, external_id)
SELECT n.lead_id, n.partner_id, n.external_id
FROM unnest($1::text[], $2::text[], $3::text[]) AS n(lead_id, partner_id, external_id)
WHERE NOT EXISTS (SELECT FROM erased_leads x WHERE x.lead_id = n.lead_id)
ORDER BY 1
ON CONFLICT DO NOTHING
"""
READ_EXTERNAL_IDS = """
SELECT e.lead_id, e.external_id
FROM unnest($1::text[], $2::text[]) AS n(lead_id, partner_id) JOIN external_ids e USING (lead_id, partner_id)
"""


@dataclass(frozen=True, slots=True)
class Listener:
    id: str
    owner_kind: Owner
    owner_id: str | None
    event_types: list[str]


async def find_listeners(
    work: UnitOfWork, owners: Collection[tuple[Owner, str | None]]
) -> dict[tuple[Owner, str | None], list[Listener]]:
    """Their endpoints that listen to anything, and those of CRMs."""
    ids = [[owner_id for of, owner_id in owners if of == kind] for kind in ("partner", "sponsor", "project")]
    found: dict[tuple[Owner, str | None], list[Listener]] = defaultdict(list)
    for row in await work.fetch(FIND_LISTENERS, *ids):
        found[row["owner_kind"], row["owner_id"]].append(Listener(**row))
    return found


async def find_named(work: UnitOfWork, endpoint_ids: Collection[str]) -> dict[str, Listener]:
    """By their ids, whatever they listen to. One that was deleted is not there."""
    rows = await work.fetch(FIND_NAMED, sorted(endpoint_ids)) if endpoint_ids else []
    return {row["id"]: Listener(**row) for row in rows}


async def keep_external_ids(work: UnitOfWork, names: Sequence[tuple[LeadRef, str]]) -> None:
    """Those of erased leads are not kept; whoever calls holds off erasures."""
    columns = ([lead.lead_id for lead, _ in names], [lead.partner_id for lead, _ in names], [name for _, name in names])
    await work.execute(KEEP_EXTERNAL_IDS, *columns)


async def read_external_ids(work: UnitOfWork, leads: Collection[LeadRef]) -> dict[str, str]:
    """By lead, as far as its own partner's name for it is known."""
    pairs = sorted({(lead.lead_id, lead.partner_id) for lead in leads})
    rows = await work.fetch(READ_EXTERNAL_IDS, [lead_id for lead_id, _ in pairs], [partner for _, partner in pairs])
    return {row["lead_id"]: row["external_id"] for row in rows}
