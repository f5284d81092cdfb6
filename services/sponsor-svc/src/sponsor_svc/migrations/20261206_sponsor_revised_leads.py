"""S0.12, I2.22: what was counted of a lead follows what is said of it later: its contact list, and whether it came in
the stead of another.
"""

from alembic import op
from servicekit.row_security import expose, protect

revision = "20261206_sponsor_revised_leads"
down_revision = "20261201_row_security"

UP = (
    """
CREATE TABLE revised_leads (
    lead_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    contact_list_id text COLLATE "C",
    stands_in boolean NOT NULL
)
""",
    "COMMENT ON TABLE revised_leads IS 'what intake said last of a lead, once it said more than one thing'",
    "ALTER TABLE facts ADD COLUMN stands_in boolean NOT NULL DEFAULT false",
    "COMMENT ON COLUMN facts.stands_in IS 'the lead came in the stead of another: it was not received'",
    # In the stead of the index of outcomes: a lead has some ten facts.
    "CREATE INDEX facts_leads ON facts (lead_id)",
    "DROP INDEX facts_outcomes",
)
DOWN = (
    "CREATE INDEX facts_outcomes ON facts (lead_id, version) WHERE track IS NOT NULL",
    "DROP INDEX facts_leads",
    "ALTER TABLE facts DROP COLUMN stands_in",
    "DROP TABLE revised_leads",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in UP:
        op.execute(statement)
    protect({"revised_leads": None})


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    expose("revised_leads")
    for statement in DOWN:
        op.execute(statement)
