"""SQL of the projection of partners."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from messaging.unit_of_work import UnitOfWork

_COLUMNS = """
    partner_id, version, name, email, active, purchase_emails, return_emails, sold_emails, include_comments,
    auto_response_template, purchase_mode
"""
UPSERT_PARTNERS = f"""
INSERT INTO partners ({_COLUMNS})
SELECT partner_id, version, name, email, active, ARRAY(SELECT jsonb_array_elements_text(purchase_emails)),
    ARRAY(SELECT jsonb_array_elements_text(return_emails)), ARRAY(SELECT jsonb_array_elements_text(sold_emails)),
    include_comments, auto_response_template, purchase_mode
FROM jsonb_to_recordset($1) AS p(
    partner_id text, version bigint, name text, email text, active boolean, purchase_emails jsonb, return_emails jsonb,
    sold_emails jsonb, include_comments boolean, auto_response_template text, purchase_mode text
)
ORDER BY partner_id
ON CONFLICT (partner_id) DO UPDATE
SET version = excluded.version, name = excluded.name, email = excluded.email, active = excluded.active,
    purchase_emails = excluded.purchase_emails, return_emails = excluded.return_emails,
    sold_emails = excluded.sold_emails, include_comments = excluded.include_comments,
    auto_response_template = excluded.auto_response_template, purchase_mode = excluded.purchase_mode
WHERE partners.version < excluded.version
"""

WITH_COMMENTS = "SELECT partner_id FROM partners WHERE partner_id = ANY($1) AND include_comments"
READ_PARTNERS = f"SELECT {_COLUMNS} FROM partners WHERE partner_id = ANY($1) AND version > 0"

# Version 0 stands for "a lead came before its partner".
ANNOUNCE_PARTNERS = """
INSERT INTO partners (partner_id, version, name, purchase_emails)
SELECT partner_id, 0, '', '{}' FROM unnest($1::text[]) AS partner_id ORDER BY partner_id
ON CONFLICT DO NOTHING
"""
HOLD_PARTNERS = "SELECT 1 FROM partners WHERE partner_id = ANY($1) ORDER BY partner_id FOR SHARE"


# Who feeds what, for those who are to hear of changes to it.
FED = """
INSERT INTO partner_projects (project_id, partner_id)
SELECT * FROM unnest($1::text[], $2::text[]) ORDER BY 1, 2 ON CONFLICT DO NOTHING
"""
READ_FEEDERS = "SELECT project_id, partner_id FROM partner_projects WHERE project_id = ANY($1) ORDER BY 1, 2"


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """Addresses are normalised, and none is there twice."""

    partner_id: str
    version: int
    name: str
    email: str | None = None
    active: bool = True
    purchase_emails: list[str] = field(default_factory=list[str])
    return_emails: list[str] = field(default_factory=list[str])
    sold_emails: list[str] = field(default_factory=list[str])
    include_comments: bool = False
    auto_response_template: str | None = None
    purchase_mode: str = "immediate"


async def upsert_partners(work: UnitOfWork, partners: Sequence[PartnerRow]) -> None:
    """One row per partner; a version that is not newer than the stored one changes nothing."""
    await work.execute(UPSERT_PARTNERS, partners)


async def read_partners(work: UnitOfWork, partner_ids: Sequence[str]) -> dict[str, PartnerRow]:
    """The known ones."""
    return {row["partner_id"]: PartnerRow(**row) for row in await work.fetch(READ_PARTNERS, partner_ids)}


async def partners_with_comments(work: UnitOfWork, partner_ids: Sequence[str]) -> set[str]:
    """A partner that we do not know yet is not among them."""
    return {row["partner_id"] for row in await work.fetch(WITH_COMMENTS, partner_ids)}


async def hold_partners(work: UnitOfWork, partner_ids: Sequence[str]) -> None:
    """From here to the commit nobody changes these partners: who tells of one sees what we leave waiting for it."""
    await work.execute(ANNOUNCE_PARTNERS, partner_ids)
    await work.execute(HOLD_PARTNERS, partner_ids)


async def keep_feeding(work: UnitOfWork, pairs: Collection[tuple[str, str]]) -> None:
    """Of project and partner."""
    await work.execute(FED, [project for project, _ in pairs], [partner for _, partner in pairs])


async def read_feeders(work: UnitOfWork, project_ids: Sequence[str]) -> dict[str, list[str]]:
    """The partners that have sent leads to each project."""
    feeders: dict[str, list[str]] = {}
    for row in await work.fetch(READ_FEEDERS, project_ids):
        feeders.setdefault(row["project_id"], []).append(row["partner_id"])
    return feeders
