from alembic import op

revision = "20260201_heard"
down_revision = "20260101_things"


def upgrade() -> None:
    op.execute("CREATE TABLE heard (user_id text PRIMARY KEY)")


def downgrade() -> None:
    op.execute("DROP TABLE heard")
