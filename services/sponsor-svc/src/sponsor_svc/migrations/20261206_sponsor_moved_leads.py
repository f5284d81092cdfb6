"""S0.12: a lead that is moved to another contact list takes its figures along; a log of facts that is read by lead."""

from alembic import op
from servicekit.row_security import expose, protect

revision = "20261206_sponsor_moved_leads"
down_revision = "20261201_row_security"

UP = (
    """
CREATE TABLE moved_leads (
    lead_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    contact_list_id text COLLATE "C"
)
""",
    "COMMENT ON TABLE moved_leads IS 'in which list a lead is by what intake said last, once it said it again'",
    # In the stead of the index of outcomes: a lead has some ten facts.
    "CREATE INDEX facts_leads ON facts (lead_id)",
    "DROP INDEX facts_outcomes",
)
DOWN = (
    "CREATE INDEX facts_outcomes ON facts (lead_id, version) WHERE track IS NOT NULL",
    "DROP INDEX facts_leads",
    "DROP TABLE moved_leads",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in UP:
        op.execute(statement)
    protect({"moved_leads": None})


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    expose("moved_leads")
    for statement in DOWN:
        op.execute(statement)
