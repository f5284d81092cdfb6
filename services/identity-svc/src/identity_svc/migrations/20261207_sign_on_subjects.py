"""Whom the provider of single sign-on means by a subject."""

from alembic import op
from servicekit.audit.tables import watch

revision = "20261207_sign_on_subjects"
down_revision = "20261206_identity_idle_sessions"

WATCH = watch("sign_on_subjects", "sign_on_subject", "user_id", secret=["subject"])

UPGRADE = (
    "SET lock_timeout = '5s'",
    """
    CREATE TABLE sign_on_subjects (
        issuer text NOT NULL,
        subject text NOT NULL,
        user_id text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (issuer, subject),
        UNIQUE (user_id, issuer)
    )
    """,
)


def upgrade() -> None:
    for statement in (*UPGRADE, WATCH):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP TABLE sign_on_subjects")
