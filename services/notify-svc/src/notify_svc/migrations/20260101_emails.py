"""The ledger of e-mails, templates, the projection of partners."""

from alembic import op
from messaging.schema import CREATE_TABLES
from servicekit.idempotency import CREATE_TABLES as IDEMPOTENCY_TABLES

revision = "20260101_emails"
down_revision = None

CREATE_TEMPLATES = """
CREATE TABLE templates (
    key text COLLATE "C" NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL,
    subject text NOT NULL,
    text text NOT NULL,
    html text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key, version)
)
"""

# Rows change twice in a second and then never again: room in the page, and a vacuum that does not wait for a fifth.
CREATE_EMAILS = """
CREATE TABLE emails (
    id text COLLATE "C" PRIMARY KEY,
    cause_id uuid NOT NULL,
    template text COLLATE "C" NOT NULL,
    template_version integer NOT NULL,
    recipient text COLLATE "C" NOT NULL,
    domain text COLLATE "C" NOT NULL,
    lead_id text COLLATE "C" NOT NULL,
    lead jsonb NOT NULL,
    variables jsonb NOT NULL,
    trace jsonb NOT NULL,
    state text NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'sending', 'sent', 'unknown', 'failed', 'suppressed')),
    version bigint NOT NULL DEFAULT 1,
    attempts integer NOT NULL DEFAULT 0,
    lost_replies smallint NOT NULL DEFAULT 0,
    lost_leases smallint NOT NULL DEFAULT 0,
    lease_token bigint NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    give_up_at timestamptz,
    message_id text,
    reply_code integer,
    reply text,
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    UNIQUE (cause_id, recipient, template),
    FOREIGN KEY (template, template_version) REFERENCES templates,
    CHECK (state NOT IN ('queued', 'sending') OR next_attempt_at IS NOT NULL),
    CHECK (state NOT IN ('sent', 'failed', 'suppressed') OR next_attempt_at IS NULL)
) WITH (
    fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
)
"""

CREATE_LOG = """
CREATE TABLE email_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email_id text COLLATE "C" NOT NULL REFERENCES emails,
    at timestamptz NOT NULL DEFAULT now(),
    attempt integer NOT NULL,
    event text NOT NULL,
    code integer,
    reply text,
    by text COLLATE "C"
)
"""

CREATE_PARTNERS = """
CREATE TABLE partners (
    partner_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL,
    purchase_emails text[] NOT NULL
)
"""

CREATE_WAITING = """
CREATE TABLE waiting_purchases (
    cause_id uuid PRIMARY KEY,
    partner_id text COLLATE "C" NOT NULL REFERENCES partners,
    lead jsonb NOT NULL,
    facts jsonb NOT NULL,
    trace jsonb NOT NULL
)
"""

INSERT_PURCHASE_TEMPLATE = """
INSERT INTO templates (key, version, name, subject, text, html) VALUES (
'purchase', 1, 'Purchase notification', 'Lead {{ lead.external_id }} was accepted',
'Hello {{ partner.name }},

your lead {{ lead.external_id }} was accepted.

Our number   {{ lead.id }}
Received     {{ lead.received_at }}
Name         {{ lead.first_name }} {{ lead.last_name }}
{% if lead.comments != "" %}Comments     {{ lead.comments }}
{% endif %}',
'<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Lead {{ lead.external_id }} was accepted</title></head><body>
<p>Hello {{ partner.name }},</p>
<p>your lead <b>{{ lead.external_id }}</b> was accepted.</p>
<table>
<tr><th align="left">Our number</th><td>{{ lead.id }}</td></tr>
<tr><th align="left">Received</th><td>{{ lead.received_at }}</td></tr>
<tr><th align="left">Name</th><td>{{ lead.first_name }} {{ lead.last_name }}</td></tr>
{% if lead.comments != "" %}<tr><th align="left">Comments</th><td>{{ lead.comments }}</td></tr>
{% endif %}</table>
</body></html>')
"""

STATEMENTS = (
    *CREATE_TABLES,
    *IDEMPOTENCY_TABLES,
    CREATE_TEMPLATES,
    CREATE_EMAILS,
    "CREATE INDEX emails_due ON emails (domain, next_attempt_at) WHERE next_attempt_at IS NOT NULL",
    "CREATE INDEX emails_leased ON emails (next_attempt_at) WHERE state = 'sending'",
    "CREATE INDEX emails_by_state ON emails (state, id)",
    "CREATE INDEX emails_by_lead ON emails (lead_id, id)",
    "CREATE INDEX emails_by_recipient ON emails (recipient, id)",
    CREATE_LOG,
    "CREATE INDEX email_log_by_email ON email_log (email_id, id)",
    CREATE_PARTNERS,
    CREATE_WAITING,
    "CREATE INDEX waiting_purchases_by_partner ON waiting_purchases (partner_id)",
    INSERT_PURCHASE_TEMPLATE,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "waiting_purchases", "partners", "email_log", "emails", "templates", "idempotency_keys", "dead_letters",
        "delayed_messages", "inbox_suspects", "inbox", "relay_lease", "outbox",
    ):  # fmt: skip
        op.execute(f"DROP TABLE {table}")
