from alembic import op
from messaging.schema import CREATE_FORGOTTEN, CREATE_TABLES
from servicekit.idempotency import CREATE_TABLES as IDEMPOTENCY_TABLES

revision = "20260101_things"
down_revision = None


def upgrade() -> None:
    things = "CREATE TABLE things (id text PRIMARY KEY, name text)"
    for statement in (*CREATE_TABLES, CREATE_FORGOTTEN, *IDEMPOTENCY_TABLES, things):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE things")
