"""Rules of a project for validation, intake and offers (V4.1, V4.4, V4.10, I2.17, I2.21, A3.14)."""

from alembic import op

revision = "20261126_project_rules"
down_revision = "20260101_sponsors_and_statistics"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for column in ("validation", "intake", "offer"):
        op.execute(f"ALTER TABLE projects ADD COLUMN {column} jsonb NOT NULL DEFAULT '{{}}'")


def downgrade() -> None:
    for column in ("validation", "intake", "offer"):
        op.execute(f"ALTER TABLE projects DROP COLUMN {column}")
