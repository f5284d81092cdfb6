"""Sponsor accounts (S0.11), links to statistics (S0.13), and replacements that are taken back."""

from alembic import op
from servicekit.audit.tables import watch

revision = "20261201_accounts_and_sharing"
down_revision = "20261201_audit"

UP = (
    """
CREATE TABLE sponsor_accounts (
    user_id text COLLATE "C" PRIMARY KEY,
    sponsor_ids text[] NOT NULL CHECK (cardinality(sponsor_ids) > 0),
    pages text[] NOT NULL
        CHECK (pages <@ ARRAY['overview', 'statistics', 'leads', 'contact_lists', 'products', 'exports']),
    active boolean NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
)
""",
    """
CREATE TABLE sponsor_account_feature (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    enabled boolean NOT NULL,
    version bigint NOT NULL DEFAULT 1
)
""",
    "INSERT INTO sponsor_account_feature (enabled) VALUES (false)",
    """
CREATE TABLE statistics_links (
    id text COLLATE "C" PRIMARY KEY,
    token_hash bytea NOT NULL CONSTRAINT statistics_links_token UNIQUE,
    name text,
    sponsor_id text COLLATE "C" NOT NULL REFERENCES sponsors,
    project_id text COLLATE "C" REFERENCES projects,
    password_hash text,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    opened_at timestamptz,
    made_by text NOT NULL,
    of_account boolean NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    tried_at timestamptz NOT NULL DEFAULT '-infinity',
    created_at timestamptz NOT NULL DEFAULT now()
)
""",
    "COMMENT ON COLUMN statistics_links.of_account IS 'made by a sponsor account: it ends with what that may see'",
    "COMMENT ON COLUMN statistics_links.tries IS 'passwords that were tried in the window that ends with tried_at'",
    "CREATE INDEX statistics_links_sponsor ON statistics_links (sponsor_id, id)",
    """
CREATE TABLE statistics_visits (
    ticket_hash bytea PRIMARY KEY,
    link_id text COLLATE "C" NOT NULL REFERENCES statistics_links ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
)
""",
    "CREATE INDEX statistics_visits_expiry ON statistics_visits (expires_at)",
    "CREATE INDEX statistics_visits_link ON statistics_visits (link_id)",
    watch("sponsor_accounts", "sponsor_account", "user_id"),
    watch("sponsor_account_feature", "sponsor_account_feature", "one_row"),
    watch("statistics_links", "statistics_link", silent=["opened_at", "tries", "tried_at"]),
    "ALTER TABLE facts DROP CONSTRAINT facts_track_check",
    """
ALTER TABLE facts ADD CONSTRAINT facts_track_check CHECK (track IN ('work', 'case', 'replacement')) NOT VALID
""",
    "ALTER TABLE facts VALIDATE CONSTRAINT facts_track_check",
    "UPDATE facts SET track = 'replacement' WHERE track IS NULL AND tally -> 'metrics' ? 'replaced'",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in ("statistics_visits", "statistics_links", "sponsor_account_feature", "sponsor_accounts"):
        op.execute(f"DROP TABLE {table}")
    op.execute("DELETE FROM facts WHERE track = 'replacement' AND reopens")
    op.execute("UPDATE facts SET track = NULL WHERE track = 'replacement'")
    op.execute("ALTER TABLE facts DROP CONSTRAINT facts_track_check")
    op.execute("ALTER TABLE facts ADD CONSTRAINT facts_track_check CHECK (track IN ('work', 'case')) NOT VALID")
