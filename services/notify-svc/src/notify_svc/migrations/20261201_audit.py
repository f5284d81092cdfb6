"""The audit journal, what it watches (G6.5)."""

from alembic import op
from servicekit.audit.tables import CREATE_JOURNAL, DROP_JOURNAL, watch
from servicekit.dead_letters.tables import CREATE_INDEX, DROP_INDEX

revision = "20261201_audit"
down_revision = "20261201_fold_projections"

WATCHES = (
    watch("templates", "template", "key", silent=["created_by"]),
    watch("template_heads", "template", "key"),
    watch("notification_rules", "notification_rule", silent=["changed_by"]),
    watch("email_recipients", "email_recipient", silent=["changed_by"]),
    watch(
        "webhook_endpoints",
        "webhook_endpoint",
        silent=["failures", "failing_since", "alarms", "paused_until"],
        secret=["api_key", "incoming_secret"],
    ),
    watch("webhook_secrets", "webhook_secret", "endpoint_id", secret=["sealed"]),
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (*CREATE_JOURNAL, CREATE_INDEX, *WATCHES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (DROP_INDEX, *DROP_JOURNAL):
        op.execute(statement)
