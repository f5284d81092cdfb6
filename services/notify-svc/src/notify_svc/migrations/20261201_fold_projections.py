"""Partners and erased leads are known once; external ids of leads; rules that name webhook endpoints; retention."""

import json

from alembic import op

revision = "20261201_fold_projections"
down_revision = "20261126_mail_rules"

# Only what both have heard: what one of them has not heard yet is still in its queue, and completes the row there.
MOVE_PARTNERS = """
UPDATE partners p SET include_comments = w.include_comments, sold_emails = w.sold_lead_emails
FROM webhook_partners w WHERE w.partner_id = p.partner_id AND w.version >= p.version
"""
MOVE_TOMBSTONES = """
INSERT INTO erased_leads (lead_id, erased_at) SELECT lead_id, at FROM webhook_erased_leads ON CONFLICT DO NOTHING
"""
CREATE_EXTERNAL_IDS = """
CREATE TABLE external_ids (
    lead_id text COLLATE "C" PRIMARY KEY,
    partner_id text COLLATE "C" NOT NULL,
    external_id text NOT NULL
)
"""
# What the ledger of mails still knows of leads that came before.
FILL_EXTERNAL_IDS = """
INSERT INTO external_ids (lead_id, partner_id, external_id)
SELECT DISTINCT ON (lead_id) lead_id, lead ->> 'partner_id', variables #>> '{lead,external_id}' FROM emails
WHERE template = 'purchase' AND erased_at IS NULL AND lead ->> 'partner_id' IS NOT NULL
    AND variables #>> '{lead,external_id}' IS NOT NULL
ORDER BY lead_id
"""
SAMPLE_SOLD = {
    "lead": {
        "id": "lead_1",
        "first_name": "Aino",
        "last_name": "Esimerkki",
        "phone": "+358401234567",
        "email": "aino@example.com",
        "company": "Example Oy",
        "address": "Esimerkkitie 1, 00100, Helsinki",
        "contact_time": "after four",
        "comments": "Wants solar panels.",
    },
    "partner": {"name": "Partner Ltd"},
}

CREATE_WEBHOOK_PARTNERS = """
CREATE TABLE webhook_partners (
    partner_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL,
    include_comments boolean NOT NULL,
    sold_lead_emails text[] NOT NULL
)
"""
CREATE_WEBHOOK_TOMBSTONES = """
CREATE TABLE webhook_erased_leads (lead_id text COLLATE "C" PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())
"""


def upgrade() -> None:
    sample = json.dumps(SAMPLE_SOLD).replace(":", "\\:")
    op.execute("SET lock_timeout = '5s'")
    for statement in (
        MOVE_PARTNERS,
        MOVE_TOMBSTONES,
        "DROP TABLE webhook_partners",
        "DROP TABLE webhook_erased_leads",
        CREATE_EXTERNAL_IDS,
        FILL_EXTERNAL_IDS,
        "ALTER TABLE notification_rules ADD COLUMN endpoint_ids text[] NOT NULL DEFAULT '{}'",
        f"UPDATE templates SET sample = '{sample}' WHERE key = 'lead-sold' AND version = 1 AND sample = '{{}}'",
    ):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (
        "UPDATE templates SET sample = '{}' WHERE key = 'lead-sold' AND version = 1",
        # Rules that only call endpoints have nobody to mail to.
        "DELETE FROM notification_rules WHERE endpoint_ids <> '{}' AND recipients = '[]'",
        "ALTER TABLE notification_rules DROP COLUMN endpoint_ids",
        "DROP TABLE external_ids",
        CREATE_WEBHOOK_PARTNERS,
        """
        INSERT INTO webhook_partners (partner_id, version, name, include_comments, sold_lead_emails)
        SELECT partner_id, version, name, include_comments, sold_emails FROM partners WHERE version > 0
        """,
        CREATE_WEBHOOK_TOMBSTONES,
        "INSERT INTO webhook_erased_leads (lead_id, at) SELECT lead_id, erased_at FROM erased_leads",
    ):
        op.execute(statement)
