"""Lists that are out of date already are told of once more: others now stop calls because of them."""

from alembic import op

revision = "20261201_tell_stale_lists"
down_revision = "20261201_corrections"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("UPDATE suppression_lists SET alarmed_as_of = NULL WHERE alarmed_as_of IS NOT NULL")


def downgrade() -> None:
    """Nothing was changed that the release before would miss."""
