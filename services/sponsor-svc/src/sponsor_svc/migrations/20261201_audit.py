"""The audit journal, what it watches (G6.5)."""

from alembic import op
from servicekit.audit.tables import CREATE_JOURNAL, DROP_JOURNAL, watch
from servicekit.dead_letters.tables import CREATE_INDEX, DROP_INDEX

revision = "20261201_audit"
down_revision = "20261128_product_prices"

WATCHES = (
    watch("sponsors", "sponsor", silent=["name_key", "code_key"]),
    watch("projects", "project"),
    watch("products", "product", silent=["name_key", "code_key"]),
    watch("contact_lists", "contact_list", silent=["expires_at"]),
    watch("crm_campaigns", "crm_campaign", "external_id", silent=["contacts"]),
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (*CREATE_JOURNAL, CREATE_INDEX, *WATCHES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (DROP_INDEX, *DROP_JOURNAL):
        op.execute(statement)
