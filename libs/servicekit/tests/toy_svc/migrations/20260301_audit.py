"""The audit journal."""

from alembic import op
from servicekit.audit.tables import CREATE_JOURNAL, DROP_JOURNAL, watch
from servicekit.dead_letters.tables import CREATE_INDEX, DROP_INDEX

revision = "20260301_audit"
down_revision = "20260201_heard"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE things ADD pin text, ADD seen timestamptz")
    for statement in (*CREATE_JOURNAL, CREATE_INDEX, watch("things", "thing", secret=["pin"], silent=["seen"])):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (DROP_INDEX, *DROP_JOURNAL):
        op.execute(statement)
