"""Rules, digests, preferences of recipients, suppressions, alarms, limits and erasure of mails."""

import json

from alembic import op
from notify_svc.templates.built_in import TEMPLATES

revision = "20261126_mail_rules"
down_revision = "20261127_webhooks"

CREATE_HEADS = """
CREATE TABLE template_heads (
    key text COLLATE "C" PRIMARY KEY,
    version integer NOT NULL,
    name text NOT NULL,
    after_lost_reply text NOT NULL DEFAULT 'resend' CHECK (after_lost_reply IN ('resend', 'leave')),
    built_in boolean NOT NULL DEFAULT false,
    deleted_at timestamptz,
    FOREIGN KEY (key, version) REFERENCES templates (key, version)
)
"""

# Kept after the digest was made: so the same event makes no second line, and no mail of its own.
CREATE_DIGEST_ITEMS = """
CREATE TABLE digest_items (
    cause_id uuid NOT NULL,
    recipient text COLLATE "C" NOT NULL,
    template text COLLATE "C" NOT NULL,
    template_version integer NOT NULL,
    mode text NOT NULL CHECK (mode IN ('hourly', 'daily')),
    lead_id text COLLATE "C",
    variables jsonb NOT NULL,
    due_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    email_id text COLLATE "C" REFERENCES emails,
    PRIMARY KEY (cause_id, recipient, template),
    FOREIGN KEY (template, template_version) REFERENCES templates (key, version)
)
"""

CREATE_RULES = """
CREATE TABLE notification_rules (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    event_types text[] NOT NULL,
    filter jsonb NOT NULL DEFAULT '{}',
    recipients jsonb NOT NULL,
    template text COLLATE "C" REFERENCES template_heads,
    digest boolean NOT NULL DEFAULT true,
    active boolean NOT NULL DEFAULT true,
    built_in boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 1,
    changed_by text,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
)
"""
CREATE_RULE_VERSIONS = """
CREATE TABLE notification_rule_versions (
    rule_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    content jsonb NOT NULL,
    changed_by text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (rule_id, version)
)
"""

CREATE_RECIPIENTS = """
CREATE TABLE email_recipients (
    id text COLLATE "C" PRIMARY KEY,
    address text COLLATE "C" NOT NULL UNIQUE,
    time_zone text NOT NULL,
    quiet_from time,
    quiet_until time,
    digest text CHECK (digest IN ('immediate', 'hourly', 'daily')),
    digest_at time NOT NULL DEFAULT '07:00',
    version bigint NOT NULL DEFAULT 1,
    changed_by text,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
)
"""

CREATE_SUPPRESSIONS = """
CREATE TABLE email_suppressions (
    id text COLLATE "C" PRIMARY KEY DEFAULT 'sup_' || replace(gen_random_uuid()::text, '-', ''),
    address text COLLATE "C" NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('refused', 'bounce', 'complaint', 'manual')),
    reason text NOT NULL,
    code integer,
    reply text,
    email_id text COLLATE "C",
    created_by text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""

CREATE_ALARMS = """
CREATE TABLE alarms (
    id text COLLATE "C" PRIMARY KEY,
    alarm text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    source text NOT NULL,
    detail text NOT NULL,
    project_id text,
    lead_id text COLLATE "C",
    times bigint NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    told_at timestamptz,
    UNIQUE (alarm, key)
)
"""

CREATE_PROJECTS = """
CREATE TABLE projects (
    project_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    told jsonb NOT NULL
)
"""

CREATE_USERS = """
CREATE TABLE users (
    user_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    email text NOT NULL,
    access_level text NOT NULL,
    active boolean NOT NULL
)
"""

CREATE_SMALL = (
    """
    CREATE TABLE partner_projects (
        project_id text COLLATE "C", partner_id text COLLATE "C", PRIMARY KEY (project_id, partner_id)
    )
    """,
    """
    CREATE TABLE campaign_templates (
        project_id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, template_ids text[] NOT NULL
    )
    """,
    'CREATE TABLE erased_leads (lead_id text COLLATE "C" PRIMARY KEY, erased_at timestamptz NOT NULL DEFAULT now())',
    # When the next mail of a domain or sponsor may go; only of those that have a limit.
    'CREATE TABLE mail_slots (kind text, key text COLLATE "C", free_at timestamptz NOT NULL, PRIMARY KEY (kind, key))',
)

ALTER_TABLES = (
    """
    ALTER TABLE emails ALTER lead_id DROP NOT NULL, ALTER lead DROP NOT NULL, ADD COLUMN sponsor_id text,
        ADD COLUMN slot_at timestamptz, ADD COLUMN at_once boolean NOT NULL DEFAULT false,
        ADD COLUMN to_person boolean NOT NULL DEFAULT false, ADD COLUMN erased_at timestamptz
    """,
    "ALTER TABLE templates ADD COLUMN sample jsonb NOT NULL DEFAULT '{}', ADD COLUMN created_by text",
    """
    ALTER TABLE partners ADD COLUMN email text, ADD COLUMN active boolean NOT NULL DEFAULT true,
        ADD COLUMN return_emails text[] NOT NULL DEFAULT '{}', ADD COLUMN sold_emails text[] NOT NULL DEFAULT '{}',
        ADD COLUMN include_comments boolean NOT NULL DEFAULT false, ADD COLUMN auto_response_template text,
        ADD COLUMN purchase_mode text NOT NULL DEFAULT 'immediate'
    """,
    """
    ALTER TABLE waiting_purchases
        ADD COLUMN lead_id text COLLATE "C" GENERATED ALWAYS AS (lead ->> 'lead_id') STORED
    """,
)

CREATE_INDEXES = (
    "CREATE INDEX emails_by_template ON emails (template, id)",
    "CREATE INDEX digest_items_due ON digest_items (due_at, recipient) WHERE email_id IS NULL",
    "CREATE INDEX digest_items_by_lead ON digest_items (lead_id) WHERE lead_id IS NOT NULL",
    "CREATE INDEX digest_items_by_email ON digest_items (email_id) WHERE email_id IS NOT NULL",
    "CREATE INDEX email_suppressions_by_time ON email_suppressions (created_at, id)",
    "CREATE INDEX alarms_by_time ON alarms (last_at, id)",
    "CREATE INDEX partners_by_template ON partners (auto_response_template) WHERE auto_response_template IS NOT NULL",
    "CREATE INDEX waiting_purchases_by_lead ON waiting_purchases (lead_id)",
)

INSERT_TEMPLATE = "INSERT INTO templates (key, version, name, subject, text, html, sample) VALUES ({})"
INSERT_HEADS = """
INSERT INTO template_heads (key, version, name, built_in)
SELECT DISTINCT ON (key) key, version, name, true FROM templates ORDER BY key, version DESC
"""
SAMPLE_PURCHASE = {
    "lead": {
        "id": "lead_1",
        "external_id": "CRM-1",
        "received_at": "2026-03-02 09:15 UTC",
        "first_name": "Aino",
        "last_name": "Esimerkki",
        "comments": "Calls after four, please.",
    },
    "partner": {"name": "Partner Ltd"},
}

# id, name, event types, recipients, template, digest, active
BUILT_IN_RULES: tuple[tuple[str, str, list[str], str, str | None, bool, bool], ...] = (
    ("rul_purchase", "Purchase notifications", ["intake.lead.accepted.v1"], "partner_purchase", "purchase", True, True),
    ("rul_return", "Return notifications", ["intake.return.requested.v1"], "partner_return", "return", True, True),
    (
        "rul_return_answer",
        "What became of returns",
        [f"intake.return.{what}.v1" for what in ("accepted", "declined", "disputed", "lapsed")],
        "partner_return",
        "return-answer",
        True,
        False,
    ),
    (
        "rul_auto_response",
        "Automatic response to returns, from the partner's own template",
        ["intake.return.requested.v1"],
        "partner_contact",
        None,
        False,
        True,
    ),
    (
        "rul_campaign",
        "Changes to campaigns that a partner feeds",
        [f"sponsor.project.{what}.v1" for what in ("changed", "activated", "passivated")],
        "feeding_partners",
        "campaign-changed",
        True,
        True,
    ),
    (
        "rul_alarm",
        "Alarms to operators",
        [f"{context}.alarm.raised.v1" for context in ("intake", "assignment", "notify")],
        "users",
        "alarm",
        False,
        True,
    ),
)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''").replace(":", "\\:") + "'"


def _rule(rule: tuple[str, str, list[str], str, str | None, bool, bool]) -> str:
    key, name, event_types, kind, template, digest, active = rule
    to = {"kind": kind, "access_level": "admin"} if kind == "users" else {"kind": kind}
    types = ", ".join(_text(event_type) for event_type in event_types)
    return (
        "INSERT INTO notification_rules (id, name, event_types, recipients, template, digest, active, built_in) VALUES "
        f"({_text(key)}, {_text(name)}, ARRAY[{types}], {_text(json.dumps([to]))}, "
        f"{_text(template) if template else 'NULL'}, {digest}, {active}, true)"
    )


def _template(key: str) -> str:
    name, subject, text, html, sample = TEMPLATES[key]
    return INSERT_TEMPLATE.format(
        ", ".join([_text(key), "1", *(_text(part) for part in (name, subject, text, html, json.dumps(sample)))])
    )


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in ALTER_TABLES:
        op.execute(statement)
    for key in TEMPLATES:
        op.execute(_template(key))
    op.execute(f"UPDATE templates SET sample = {_text(json.dumps(SAMPLE_PURCHASE))} WHERE key = 'purchase'")
    for statement in (CREATE_HEADS, INSERT_HEADS, CREATE_DIGEST_ITEMS, CREATE_RULES, CREATE_RULE_VERSIONS):
        op.execute(statement)
    for statement in (CREATE_RECIPIENTS, CREATE_SUPPRESSIONS, CREATE_ALARMS, CREATE_PROJECTS, CREATE_USERS):
        op.execute(statement)
    for statement in (*CREATE_SMALL, *CREATE_INDEXES):
        op.execute(statement)
    for rule in BUILT_IN_RULES:
        op.execute(_rule(rule))
    # The queues were named twice, `notify-svc.notify-svc.partners`: what they had done stays done.
    for table in ("inbox", "inbox_suspects"):
        op.execute(f"UPDATE {table} SET subscription = replace(subscription, 'notify-svc.', '')")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in ("inbox", "inbox_suspects"):
        op.execute(
            f"UPDATE {table} SET subscription = 'notify-svc.' || subscription "
            "WHERE subscription NOT IN ('reference', 'projects', 'notifications', 'messages', 'alarms', 'erasures')"
        )
    for table in (
        "mail_slots", "erased_leads", "campaign_templates", "partner_projects", "users", "projects", "alarms",
        "email_suppressions", "email_recipients", "notification_rule_versions", "notification_rules", "digest_items",
        "template_heads",
    ):  # fmt: skip
        op.execute(f"DROP TABLE {table}")
    # Mails of what is new cannot be told in the old form.
    old = "'purchase', 'lead-sold'"
    new = f"lead IS NULL OR to_person OR template NOT IN ({old}) OR template_version > 1"
    op.execute(f"DELETE FROM email_log WHERE email_id IN (SELECT id FROM emails WHERE {new})")
    op.execute(f"DELETE FROM emails WHERE {new}")
    op.execute(f"DELETE FROM templates WHERE key NOT IN ({old}) OR version > 1")
    op.execute("DROP INDEX emails_by_template")
    op.execute("ALTER TABLE waiting_purchases DROP COLUMN lead_id")
    op.execute("ALTER TABLE templates DROP COLUMN sample, DROP COLUMN created_by")
    op.execute(
        "ALTER TABLE emails ALTER lead_id SET NOT NULL, ALTER lead SET NOT NULL, DROP COLUMN sponsor_id, "
        "DROP COLUMN slot_at, DROP COLUMN at_once, DROP COLUMN to_person, DROP COLUMN erased_at"
    )
    op.execute(
        "ALTER TABLE partners DROP COLUMN email, DROP COLUMN active, DROP COLUMN return_emails, "
        "DROP COLUMN sold_emails, DROP COLUMN include_comments, DROP COLUMN auto_response_template, "
        "DROP COLUMN purchase_mode"
    )
