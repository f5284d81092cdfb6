"""Campaigns that a CRM announces, with their accounts and contacts (S0.9)."""

from alembic import op

revision = "20261127_crm_campaigns"
down_revision = "20261127_facts_of_statistics"

TABLES = (
    """
    CREATE TABLE crm_campaigns (
        external_id text COLLATE "C" PRIMARY KEY,
        project_id text COLLATE "C" NOT NULL UNIQUE REFERENCES projects,
        contact_list_id text COLLATE "C" NOT NULL REFERENCES contact_lists,
        contacts integer NOT NULL DEFAULT 0,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE crm_contacts (
        position bigint GENERATED ALWAYS AS IDENTITY,
        campaign_id text COLLATE "C" NOT NULL REFERENCES crm_campaigns,
        external_id text COLLATE "C" NOT NULL,
        contact jsonb NOT NULL,
        released_at timestamptz,
        PRIMARY KEY (campaign_id, external_id)
    )
    """,
    "CREATE INDEX crm_contacts_waiting ON crm_contacts (campaign_id, position) WHERE released_at IS NULL",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP TABLE crm_contacts")
    op.execute("DROP TABLE crm_campaigns")
