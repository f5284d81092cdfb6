"""The audit journal, what it watches (G6.5)."""

from alembic import op
from servicekit.audit.tables import CREATE_JOURNAL, DROP_JOURNAL, watch
from servicekit.dead_letters.tables import CREATE_INDEX, DROP_INDEX

revision = "20261201_audit"
down_revision = "20261201_tell_stale_lists"

WATCHES = (
    watch("partners", "partner"),
    watch("partner_keys", "api_key", silent=["last_used_at"]),
    watch("forms", "form"),
    watch("import_mappings", "import_mapping"),
    watch("sale_rules", "sale_rule"),
    watch("return_flags", "return_flag"),
    watch("suppression_lists", "suppression_list", silent=["alarmed_as_of"]),
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (*CREATE_JOURNAL, CREATE_INDEX, *WATCHES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (DROP_INDEX, *DROP_JOURNAL):
        op.execute(statement)
