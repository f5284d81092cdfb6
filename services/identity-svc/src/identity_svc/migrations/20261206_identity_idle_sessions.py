"""Sessions end when nobody makes use of them."""

from alembic import op

revision = "20261206_identity_idle_sessions"
down_revision = "20261201_sponsor_accounts"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE sessions ADD COLUMN last_used_at timestamptz NOT NULL DEFAULT now()")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE sessions DROP COLUMN last_used_at")
