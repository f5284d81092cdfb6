"""A sponsor's request is shown no rows but its own; agents see what projects and products are called (ADR 0023)."""

from alembic import op
from servicekit.row_security import AGENT, SPONSORS, expose, protect

revision = "20261201_row_security"
down_revision = "20261201_accounts_and_sharing"

NAMED = f"sponsor_id = ANY {SPONSORS} OR {AGENT} IS NOT NULL"
COUNTED = f"sponsor_id = ANY {SPONSORS}"
VISIBLE = {
    "sponsors": f"id = ANY {SPONSORS} OR {AGENT} IS NOT NULL",
    "projects": NAMED,
    "products": NAMED,
    "contact_lists": NAMED,
    "counters": COUNTED,
    "breakdowns": COUNTED,
    "statistics_links": COUNTED,
    "statistics_visits": "EXISTS (SELECT FROM statistics_links AS l WHERE l.id = link_id)",
    "sponsor_accounts": None,
    "facts": None,
    "crm_campaigns": None,
    "crm_contacts": None,
}


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    protect(VISIBLE)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    expose(*VISIBLE)
