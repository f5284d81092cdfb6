"""The built-in rule about alarms hears those of every service (N5.9)."""

from alembic import op

revision = "20261206_outreach_alarms"
down_revision = "20261201_row_security"

ADDED = "ARRAY['sponsor.alarm.raised.v1', 'validation.alarm.raised.v1', 'identity.alarm.raised.v1']"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(f"UPDATE notification_rules SET event_types = event_types || {ADDED} WHERE id = 'rul_alarm'")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(
        "UPDATE notification_rules SET event_types = ARRAY("
        f"SELECT t FROM unnest(event_types) AS t WHERE t <> ALL ({ADDED})"
        ") WHERE id = 'rul_alarm'"
    )
