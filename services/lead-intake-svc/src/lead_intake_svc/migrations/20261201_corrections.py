"""Which fields of leads agents have corrected; a partner's figures are read from an index alone."""

from alembic import op

revision = "20261201_corrections"
down_revision = "20261128_imports"


# A partner's leads lie among everybody else's: reading a page of the table for each of them is what took the time.
FIGURES = "project_id, status, reason, test, billable, received_at"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP INDEX leads_partner")
    op.execute(f"CREATE INDEX leads_partner ON leads (partner_id, id) INCLUDE ({FIGURES})")
    op.execute(
        """
        CREATE TABLE lead_corrections (
            lead_id text COLLATE "C" NOT NULL,
            field text COLLATE "C" NOT NULL,
            version bigint NOT NULL,
            PRIMARY KEY (lead_id, field)
        )
        """
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP TABLE lead_corrections")
    op.execute("DROP INDEX leads_partner")
    op.execute("CREATE INDEX leads_partner ON leads (partner_id, id)")
