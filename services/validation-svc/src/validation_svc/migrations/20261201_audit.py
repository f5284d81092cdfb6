"""The audit journal (G6.5)."""

from alembic import op
from servicekit.audit.tables import CREATE_JOURNAL, DROP_JOURNAL
from servicekit.dead_letters.tables import CREATE_INDEX, DROP_INDEX

revision = "20261201_audit"
down_revision = "20261126_validation_in_full"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (*CREATE_JOURNAL, CREATE_INDEX):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (DROP_INDEX, *DROP_JOURNAL):
        op.execute(statement)
