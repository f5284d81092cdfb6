"""Cases, their notes, and the projection of projects."""

from alembic import op
from messaging.schema import CREATE_TABLES
from servicekit.idempotency import CREATE_TABLES as IDEMPOTENCY_TABLES

revision = "20260101_cases"
down_revision = None

CREATE_CASES = """
CREATE TABLE cases (
    lead_id text COLLATE "C" PRIMARY KEY,
    partner_id text COLLATE "C" NOT NULL,
    project_id text COLLATE "C" NOT NULL,
    sponsor_id text COLLATE "C",
    contact_list_id text COLLATE "C",
    state text NOT NULL DEFAULT 'unconfirmed'
        CHECK (state IN ('unconfirmed', 'exhausted', 'confirmed', 'rejected')),
    attempts smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    version bigint NOT NULL DEFAULT 1,
    received_at timestamptz NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    decided_by text COLLATE "C",
    decided_at timestamptz,
    lead_version bigint NOT NULL,
    content jsonb NOT NULL
)
"""

CREATE_NOTES = """
CREATE TABLE case_notes (
    lead_id text COLLATE "C" NOT NULL REFERENCES cases,
    version bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    by text COLLATE "C" NOT NULL,
    status text NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (lead_id, version)
)
"""

CREATE_PROJECTS = """
CREATE TABLE projects (
    project_id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    call_centre_validation boolean NOT NULL,
    version bigint NOT NULL
)
"""

STATEMENTS = (
    *CREATE_TABLES,
    *IDEMPOTENCY_TABLES,
    CREATE_CASES,
    "CREATE INDEX cases_by_state ON cases (state, received_at, lead_id)",
    "CREATE INDEX cases_by_project ON cases (project_id, state, received_at, lead_id)",
    "CREATE INDEX cases_listed ON cases (received_at, lead_id) WHERE state <> 'rejected'",
    CREATE_NOTES,
    CREATE_PROJECTS,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "case_notes", "cases", "projects", "idempotency_keys", "dead_letters", "delayed_messages", "inbox_suspects",
        "inbox", "relay_lease", "outbox",
    ):  # fmt: skip
        op.execute(f"DROP TABLE {table}")
