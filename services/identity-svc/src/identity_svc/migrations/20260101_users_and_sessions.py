"""Users, sessions and guesses."""

from alembic import op
from messaging.schema import CREATE_TABLES
from servicekit.idempotency import CREATE_TABLES as IDEMPOTENCY_TABLES

revision = "20260101_users_and_sessions"
down_revision = None

STATEMENTS = (
    """
CREATE TABLE users (
    id text COLLATE "C" PRIMARY KEY,
    email text NOT NULL,
    email_normalised text COLLATE "C" NOT NULL UNIQUE,
    name text NOT NULL,
    access_level text NOT NULL CHECK (
        access_level IN ('admin', 'supervisor', 'leads_agent', 'call_centre', 'sponsor', 'partner', 'integration')
    ),
    permissions text[] NOT NULL,
    sponsor_id text COLLATE "C",
    partner_id text COLLATE "C",
    active boolean NOT NULL,
    password_hash text,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (access_level <> 'sponsor' OR sponsor_id IS NOT NULL),
    CHECK (access_level <> 'partner' OR partner_id IS NOT NULL)
)
""",
    "CREATE INDEX users_active_admins ON users (id) WHERE access_level = 'admin' AND active",
    """
CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
)
""",
    "CREATE INDEX sessions_of_user ON sessions (user_id)",
    "CREATE INDEX sessions_expiry ON sessions (expires_at)",
    """
CREATE TABLE guesses (
    target bytea PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL
)
""",
    "COMMENT ON COLUMN guesses.target IS 'hash of what is guarded: an e-mail address or a network address'",
    "CREATE INDEX guesses_age ON guesses (last_at)",
)


def upgrade() -> None:
    for statement in (*CREATE_TABLES, *IDEMPOTENCY_TABLES, *STATEMENTS):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("before the first revision there is nothing to go back to")
