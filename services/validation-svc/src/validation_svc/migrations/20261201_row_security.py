"""A sponsor's request is shown no cases but those of its own leads (ADR 0023)."""

from alembic import op
from servicekit.row_security import SPONSORS, expose, protect

revision = "20261201_row_security"
down_revision = "20261201_audit"

VISIBLE = {
    "cases": f"sponsor_id = ANY {SPONSORS}",
    "case_notes": "EXISTS (SELECT FROM cases AS c WHERE c.lead_id = case_notes.lead_id)",
}


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    protect(VISIBLE)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    expose(*VISIBLE)
