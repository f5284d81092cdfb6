"""A partner's or a sponsor's request is shown its own webhooks and no mails (ADR 0023)."""

from alembic import op
from servicekit.row_security import PARTNER, SPONSORS, expose, protect

revision = "20261201_row_security"
down_revision = "20261201_audit"

OWNED = f"""
    owner_kind = 'partner' AND owner_id = {PARTNER} OR owner_kind = 'sponsor' AND owner_id = ANY {SPONSORS}
"""
OF_ENDPOINT = "EXISTS (SELECT FROM webhook_endpoints AS e WHERE e.id = endpoint_id)"
VISIBLE = {
    "webhook_endpoints": OWNED,
    "webhook_deliveries": OWNED,
    "webhook_secrets": OF_ENDPOINT,
    "webhook_attempts": "EXISTS (SELECT FROM webhook_deliveries AS d WHERE d.id = delivery_id)",
    "incoming_webhooks": OF_ENDPOINT,
    "held_leads": None,
    "waiting_purchases": None,
    "emails": None,
    "email_log": None,
    "digest_items": None,
    "alarms": None,
}


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    protect(VISIBLE)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    expose(*VISIBLE)
