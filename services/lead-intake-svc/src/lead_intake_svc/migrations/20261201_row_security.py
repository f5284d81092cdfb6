"""A partner's, a sponsor's or an agent's request is shown no rows but its own (ADR 0023)."""

from alembic import op
from servicekit.row_security import AGENT, PARTNER, SPONSORS, expose, protect

revision = "20261201_row_security"
down_revision = "20261201_audit"

OF_PARTNER = f"partner_id = {PARTNER}"
OF_BOTH = f"{OF_PARTNER} OR sponsor_id = ANY {SPONSORS}"
OF_LEAD = "EXISTS (SELECT FROM leads AS l WHERE l.id = lead_id)"
# The policy of leads asks lead_progress whose lead it is, so that of lead_progress cannot ask leads: partners and
# sponsors see states there, which name nobody.
VISIBLE = {
    "leads": f"""
        {OF_BOTH} OR EXISTS (SELECT FROM lead_progress AS p WHERE p.lead_id = id AND p.work_agent_id = {AGENT})
    """,
    "lead_progress": f"{AGENT} IS NULL OR work_agent_id = {AGENT}",
    "lead_identities": OF_BOTH,
    "lead_revisions": OF_LEAD,
    "timeline": OF_LEAD,
    "lead_corrections": OF_LEAD,
    "partners": f"id = {PARTNER}",
    "partner_keys": OF_PARTNER,
    "forms": OF_PARTNER,
    "returns": OF_PARTNER,
    "credits": OF_PARTNER,
    "replacements": OF_PARTNER,
    "sales": f"buyer_id = {PARTNER}",
    "imports": OF_PARTNER,
    "import_mappings": OF_PARTNER,
    "import_chunks": None,
    "sale_rules": None,
    "suppressions": None,
    "erasures": None,
    "erasure_receipts": None,
    "erased_leads": None,
    "legal_holds": None,
}


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    protect(VISIBLE)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    expose(*VISIBLE)
