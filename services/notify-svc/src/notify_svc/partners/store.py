"""SQL of the projection of partners."""

from collections.abc import Sequence
from dataclasses import dataclass

from messaging.unit_of_work import UnitOfWork

UPSERT_PARTNERS = """
INSERT INTO partners (partner_id, version, name, purchase_emails)
SELECT partner_id, version, name, ARRAY(SELECT jsonb_array_elements_text(purchase_emails))
FROM jsonb_to_recordset($1) AS p(partner_id text, version bigint, name text, purchase_emails jsonb)
ORDER BY partner_id
ON CONFLICT (partner_id) DO UPDATE
SET version = excluded.version, name = excluded.name, purchase_emails = excluded.purchase_emails
WHERE partners.version < excluded.version
"""

READ_PARTNERS = """
SELECT partner_id, version, name, purchase_emails FROM partners WHERE partner_id = ANY($1) AND version > 0
"""

# Version 0 stands for "a lead came before its partner".
ANNOUNCE_PARTNERS = """
INSERT INTO partners (partner_id, version, name, purchase_emails)
SELECT partner_id, 0, '', '{}' FROM unnest($1::text[]) AS partner_id ORDER BY partner_id
ON CONFLICT DO NOTHING
"""
HOLD_PARTNERS = "SELECT 1 FROM partners WHERE partner_id = ANY($1) ORDER BY partner_id FOR SHARE"


@dataclass(frozen=True, slots=True)
class PartnerRow:
    partner_id: str
    version: int
    name: str
    purchase_emails: list[str]


async def upsert_partners(work: UnitOfWork, partners: Sequence[PartnerRow]) -> None:
    """One row per partner; a version that is not newer than the stored one changes nothing."""
    await work.execute(UPSERT_PARTNERS, partners)


async def read_partners(work: UnitOfWork, partner_ids: Sequence[str]) -> dict[str, PartnerRow]:
    """The known ones."""
    return {row["partner_id"]: PartnerRow(**row) for row in await work.fetch(READ_PARTNERS, partner_ids)}


async def hold_partners(work: UnitOfWork, partner_ids: Sequence[str]) -> None:
    """From here to the commit nobody changes these partners: who tells of one sees what we leave waiting for it."""
    await work.execute(ANNOUNCE_PARTNERS, partner_ids)
    await work.execute(HOLD_PARTNERS, partner_ids)
