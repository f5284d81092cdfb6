"""Second factors, the rules of signing in, tokens of programs, single sign-on; what people see of their sessions."""

from alembic import op

revision = "20261201_second_factor_tokens"
down_revision = "20260101_users_and_sessions"

UPGRADE = (
    "SET lock_timeout = '5s'",
    """
    ALTER TABLE sessions
        ADD COLUMN id text COLLATE "C" NOT NULL
            GENERATED ALWAYS AS ('ssn_' || encode(substring(token_hash FROM 1 FOR 16), 'hex')) STORED,
        ADD COLUMN method text NOT NULL DEFAULT 'password' CHECK (method IN ('password', 'totp', 'recovery', 'oidc')),
        ADD COLUMN user_agent text NOT NULL DEFAULT ''
    """,
    "DROP INDEX sessions_of_user",
    "CREATE UNIQUE INDEX sessions_of_user ON sessions (user_id, id)",
    """
    CREATE TABLE totp_factors (
        user_id text COLLATE "C" PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
        secret_sealed bytea NOT NULL,
        last_step bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now(),
        confirmed_at timestamptz
    )
    """,
    "COMMENT ON COLUMN totp_factors.last_step IS 'the newest time step whose code was accepted: none before it again'",
    """
    CREATE TABLE recovery_codes (
        user_id text COLLATE "C" NOT NULL REFERENCES totp_factors (user_id) ON DELETE CASCADE,
        code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
        PRIMARY KEY (user_id, code_hash)
    )
    """,
    """
    CREATE TABLE sign_in_policy (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        second_factor_levels text[] NOT NULL DEFAULT '{}',
        version bigint NOT NULL DEFAULT 1,
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "INSERT INTO sign_in_policy DEFAULT VALUES",
    """
    CREATE TABLE api_tokens (
        id text COLLATE "C" PRIMARY KEY,
        user_id text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        name text NOT NULL,
        token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
        created_by text COLLATE "C" NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        last_used_at timestamptz,
        revoked_at timestamptz
    )
    """,
    "CREATE INDEX api_tokens_of_user ON api_tokens (user_id, id)",
    """
    CREATE TABLE sign_on_flows (
        state_hash bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
        browser_hash bytea NOT NULL CHECK (octet_length(browser_hash) = 32),
        nonce text NOT NULL,
        code_verifier text NOT NULL,
        return_to text NOT NULL,
        former_hash bytea,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX sign_on_flows_expiry ON sign_on_flows (expires_at)",
)
DOWNGRADE = (
    "SET lock_timeout = '5s'",
    "DROP TABLE sign_on_flows",
    "DROP TABLE api_tokens",
    "DROP TABLE sign_in_policy",
    "DROP TABLE recovery_codes",
    "DROP TABLE totp_factors",
    "DROP INDEX sessions_of_user",
    "CREATE INDEX sessions_of_user ON sessions (user_id)",
    "ALTER TABLE sessions DROP COLUMN user_agent, DROP COLUMN method, DROP COLUMN id",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
