from alembic import op
from messaging.schema import CREATE_TABLES
from servicekit.idempotency import CREATE_TABLES as IDEMPOTENCY_TABLES

revision = "20260101_things"
down_revision = None


def upgrade() -> None:
    for statement in (*CREATE_TABLES, *IDEMPOTENCY_TABLES, "CREATE TABLE things (id text PRIMARY KEY, name text)"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE things")
