"""I2.27: what is forgotten, so that no message about it is kept that dies later."""

from alembic import op
from messaging.schema import CREATE_FORGOTTEN

revision = "20261206_intake_forgotten"
down_revision = "20261206_sponsor_rows"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(CREATE_FORGOTTEN)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP TABLE forgotten")
