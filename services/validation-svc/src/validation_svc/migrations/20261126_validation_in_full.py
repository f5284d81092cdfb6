"""Release, flags, leases, billing, returns, erasure, and the rules of a project (V4.1-V4.11)."""

from alembic import op

revision = "20261126_validation_in_full"
down_revision = "20260101_cases"

OPEN = "state NOT IN ('rejected', 'released')"
CASE_COLUMNS = """
ALTER TABLE cases
    ADD COLUMN first_check_valid boolean NOT NULL DEFAULT true,
    ADD COLUMN flagged_by text COLLATE "C",
    ADD COLUMN shown boolean GENERATED ALWAYS AS (first_check_valid OR flagged_by IS NOT NULL) STORED,
    ADD COLUMN billable boolean,
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN due_at timestamptz,
    ADD COLUMN leased_by text COLLATE "C",
    ADD COLUMN lease_token text COLLATE "C",
    ADD COLUMN leased_until timestamptz,
    ADD CONSTRAINT cases_lease_whole CHECK (num_nulls(leased_by, lease_token, leased_until) IN (0, 3))
"""
BACKFILL = """
UPDATE cases
SET due_at = received_at,
    first_check_valid = NOT jsonb_path_exists(content, '$.problems[*] ? (@.level != "warn")')
"""

UPGRADE = (
    "SET lock_timeout = '5s'",
    CASE_COLUMNS,
    BACKFILL,
    "ALTER TABLE cases ALTER COLUMN due_at SET NOT NULL, ALTER COLUMN due_at SET DEFAULT now()",
    "ALTER TABLE cases DROP CONSTRAINT cases_state_check",
    """
    ALTER TABLE cases ADD CONSTRAINT cases_state_check
        CHECK (state IN ('unconfirmed', 'exhausted', 'confirmed', 'rejected', 'released'))
    """,
    "CREATE UNIQUE INDEX cases_one_per_validator ON cases (leased_by) WHERE leased_by IS NOT NULL",
    "CREATE INDEX cases_next ON cases (due_at, lead_id) WHERE state = 'unconfirmed'",
    "CREATE INDEX cases_next_of_project ON cases (project_id, due_at, lead_id) WHERE state = 'unconfirmed'",
    "DROP INDEX cases_listed",
    f"CREATE INDEX cases_listed ON cases (received_at, lead_id) WHERE {OPEN}",
    f"CREATE INDEX cases_listed_of_project ON cases (project_id, received_at, lead_id) WHERE {OPEN}",
    f"CREATE INDEX cases_listed_by_attempts ON cases (attempts, received_at, lead_id) WHERE {OPEN}",
    "CREATE INDEX cases_of_partner ON cases (partner_id, received_at, lead_id)",
    """
    ALTER TABLE projects
        ADD COLUMN max_attempts smallint,
        ADD COLUMN held_leads text NOT NULL DEFAULT 'keep' CHECK (held_leads IN ('keep', 'release')),
        ADD COLUMN propose_return text NOT NULL DEFAULT 'never'
            CHECK (propose_return IN ('automatic', 'ask', 'never')),
        ADD COLUMN release_version bigint
    """,
    """
    CREATE TABLE releases (
        project_id text COLLATE "C" PRIMARY KEY,
        due_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE returns (
        return_id text COLLATE "C" PRIMARY KEY,
        lead_id text COLLATE "C" NOT NULL,
        version bigint NOT NULL,
        stands boolean NOT NULL
    )
    """,
    "CREATE INDEX returns_standing ON returns (lead_id) WHERE stands",
    """
    CREATE TABLE erased_leads (
        lead_id text COLLATE "C" PRIMARY KEY,
        erased_at timestamptz NOT NULL DEFAULT now()
    )
    """,
)

DOWNGRADE = (
    "SET lock_timeout = '5s'",
    "DROP TABLE erased_leads",
    "DROP TABLE returns",
    "DROP TABLE releases",
    """
    ALTER TABLE projects DROP COLUMN max_attempts, DROP COLUMN held_leads, DROP COLUMN propose_return,
        DROP COLUMN release_version
    """,
    "DROP INDEX cases_one_per_validator, cases_next, cases_next_of_project, cases_listed, cases_listed_of_project",
    "DROP INDEX cases_listed_by_attempts, cases_of_partner",
    # The version before knows no release; such a lead went on as a confirmed one does.
    "UPDATE cases SET state = 'confirmed' WHERE state = 'released'",
    "ALTER TABLE cases DROP CONSTRAINT cases_state_check",
    """
    ALTER TABLE cases ADD CONSTRAINT cases_state_check
        CHECK (state IN ('unconfirmed', 'exhausted', 'confirmed', 'rejected'))
    """,
    """
    ALTER TABLE cases DROP CONSTRAINT cases_lease_whole, DROP COLUMN shown, DROP COLUMN first_check_valid,
        DROP COLUMN flagged_by, DROP COLUMN billable, DROP COLUMN delivered_at, DROP COLUMN due_at,
        DROP COLUMN leased_by, DROP COLUMN lease_token, DROP COLUMN leased_until
    """,
    "CREATE INDEX cases_listed ON cases (received_at, lead_id) WHERE state <> 'rejected'",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)
    # Queue names had the service's name twice; what was handled under the old ones stays handled.
    for table in ("inbox", "inbox_suspects"):
        op.execute(f"UPDATE {table} SET subscription = split_part(subscription, '.', 2) WHERE subscription LIKE '%.%'")


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
