"""SQL of the fan-out: who listens, and what partners allow."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from messaging.unit_of_work import UnitOfWork

from notify_svc.webhook_events.catalogue import Owner

FIND_LISTENERS = """
SELECT id, owner_kind, owner_id, event_types FROM webhook_endpoints
WHERE deleted_at IS NULL AND kind = 'webhook' AND event_types <> '{}' AND (
    (owner_kind = 'partner' AND owner_id = ANY($1)) OR (owner_kind = 'sponsor' AND owner_id = ANY($2))
    OR (owner_kind = 'project' AND owner_id = ANY($3)) OR owner_kind = 'crm'
)
"""

UPSERT_PARTNERS = """
INSERT INTO webhook_partners (partner_id, version, name, include_comments, sold_lead_emails)
SELECT partner_id, version, name, include_comments, ARRAY(SELECT jsonb_array_elements_text(sold_lead_emails))
FROM jsonb_to_recordset($1)
    AS p(partner_id text, version bigint, name text, include_comments boolean, sold_lead_emails jsonb)
ORDER BY partner_id
ON CONFLICT (partner_id) DO UPDATE
SET version = excluded.version, name = excluded.name, include_comments = excluded.include_comments,
    sold_lead_emails = excluded.sold_lead_emails
WHERE webhook_partners.version < excluded.version
"""
READ_PARTNERS = """
SELECT partner_id, version, name, include_comments, sold_lead_emails FROM webhook_partners WHERE partner_id = ANY($1)
"""
WITH_COMMENTS = "SELECT partner_id FROM webhook_partners WHERE partner_id = ANY($1) AND include_comments"


@dataclass(frozen=True, slots=True)
class Listener:
    id: str
    event_types: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRow:
    partner_id: str
    version: int
    name: str
    include_comments: bool
    sold_lead_emails: list[str]


async def find_listeners(
    work: UnitOfWork, owners: Collection[tuple[Owner, str | None]]
) -> dict[tuple[Owner, str | None], list[Listener]]:
    """Their endpoints that listen to anything, and those of CRMs."""
    ids = [[owner_id for of, owner_id in owners if of == kind] for kind in ("partner", "sponsor", "project")]
    found: dict[tuple[Owner, str | None], list[Listener]] = defaultdict(list)
    for row in await work.fetch(FIND_LISTENERS, *ids):
        found[row["owner_kind"], row["owner_id"]].append(Listener(row["id"], row["event_types"]))
    return found


async def partners_with_comments(work: UnitOfWork, partner_ids: Sequence[str]) -> set[str]:
    """A partner that we do not know yet is not among them."""
    return {row["partner_id"] for row in await work.fetch(WITH_COMMENTS, partner_ids)}


async def upsert_partners(work: UnitOfWork, partners: Sequence[PartnerRow]) -> None:
    """One row per partner; a version that is not newer than the stored one changes nothing."""
    await work.execute(UPSERT_PARTNERS, partners)


async def read_partners(work: UnitOfWork, partner_ids: Sequence[str]) -> dict[str, PartnerRow]:
    """The known ones."""
    return {row["partner_id"]: PartnerRow(**row) for row in await work.fetch(READ_PARTNERS, partner_ids)}
