"""Webhook endpoints, the ledger of deliveries, leads that wait to be delivered, what buyers send back."""

from alembic import op

revision = "20261127_webhooks"
down_revision = "20260101_emails"

CREATE_ENDPOINTS = """
CREATE TABLE webhook_endpoints (
    id text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('webhook', 'leadwire')),
    owner_kind text NOT NULL CHECK (owner_kind IN ('partner', 'sponsor', 'project', 'crm')),
    owner_id text COLLATE "C",
    url text NOT NULL,
    event_types text[] NOT NULL,
    receives_leads boolean NOT NULL,
    description text,
    target_project_id text,
    api_key bytea,
    incoming_secret bytea,
    disabled boolean NOT NULL DEFAULT false,
    disabled_reason text,
    disabled_at timestamptz,
    deleted_at timestamptz,
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    alarms bigint NOT NULL DEFAULT 0,
    paused_until timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((owner_kind = 'crm') = (owner_id IS NULL)),
    CHECK (kind = 'webhook' OR (owner_kind = 'partner' AND api_key IS NOT NULL AND target_project_id IS NOT NULL)),
    CHECK (disabled = (disabled_reason IS NOT NULL))
)
"""

CREATE_SECRETS = """
CREATE TABLE webhook_secrets (
    id text COLLATE "C" PRIMARY KEY,
    endpoint_id text COLLATE "C" NOT NULL REFERENCES webhook_endpoints,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz
)
"""

# The body is the text that is signed and sent. Without one (erased) nothing can be sent.
CREATE_DELIVERIES = """
CREATE TABLE webhook_deliveries (
    id text COLLATE "C" PRIMARY KEY,
    endpoint_id text COLLATE "C" NOT NULL REFERENCES webhook_endpoints,
    owner_kind text NOT NULL,
    owner_id text COLLATE "C",
    cause_id uuid NOT NULL,
    cause_type text COLLATE "C" NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('event', 'delivery', 'test')),
    lead_id text COLLATE "C",
    lead jsonb,
    trace jsonb NOT NULL,
    body text,
    state text NOT NULL
        CHECK (state IN ('queued', 'sending', 'delivered', 'retrying', 'exhausted', 'cancelled')),
    version bigint NOT NULL DEFAULT 1,
    attempts integer NOT NULL DEFAULT 0,
    tries smallint NOT NULL DEFAULT 0,
    lost_leases smallint NOT NULL DEFAULT 0,
    lease_token bigint NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    status_code smallint,
    reason text,
    remote_id text COLLATE "C",
    created_at timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz,
    UNIQUE (cause_id, endpoint_id, purpose),
    CHECK ((state IN ('queued', 'sending', 'retrying')) = (next_attempt_at IS NOT NULL)),
    CHECK (state NOT IN ('queued', 'sending', 'retrying') OR body IS NOT NULL)
) WITH (
    fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
)
"""

CREATE_ATTEMPTS = """
CREATE TABLE webhook_attempts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id text COLLATE "C" NOT NULL REFERENCES webhook_deliveries,
    at timestamptz NOT NULL DEFAULT now(),
    attempt integer NOT NULL,
    event text NOT NULL,
    status_code smallint,
    took_ms integer,
    excerpt text,
    by text COLLATE "C"
)
"""

CREATE_PARTNERS = """
CREATE TABLE webhook_partners (
    partner_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL,
    include_comments boolean NOT NULL,
    sold_lead_emails text[] NOT NULL
)
"""

# One row per lead that was held in a project that delivers: content until it is delivered, then what was decided.
CREATE_HELD = """
CREATE TABLE held_leads (
    lead_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0,
    lead jsonb,
    content jsonb,
    delivers boolean NOT NULL DEFAULT false,
    verdict text CHECK (verdict IN ('confirmed', 'released', 'rejected', 'open')),
    verdict_version bigint NOT NULL DEFAULT 0,
    cause_id uuid,
    cause_type text,
    trace jsonb,
    decided_at timestamptz,
    delivered boolean NOT NULL DEFAULT false,
    CHECK (NOT delivered OR content IS NULL)
)
"""

CREATE_ERASED = """
CREATE TABLE webhook_erased_leads (
    lead_id text COLLATE "C" PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
)
"""

CREATE_INCOMING = """
CREATE TABLE incoming_webhooks (
    endpoint_id text COLLATE "C" NOT NULL REFERENCES webhook_endpoints,
    webhook_id text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (endpoint_id, webhook_id)
)
"""

INSERT_SOLD_TEMPLATE = """
INSERT INTO templates (key, version, name, subject, text, html) VALUES (
'lead-sold', 1, 'A lead for a buying partner', 'A new lead for you: {{ lead.id }}',
'Hello {{ partner.name }},

here is a lead that was sold to you.

Our number   {{ lead.id }}
Name         {{ lead.first_name }} {{ lead.last_name }}
Telephone    {{ lead.phone }}
E-mail       {{ lead.email }}
{% if lead.company != "" %}Company      {{ lead.company }}
{% endif %}{% if lead.address != "" %}Address      {{ lead.address }}
{% endif %}{% if lead.contact_time != "" %}Best time    {{ lead.contact_time }}
{% endif %}{% if lead.comments != "" %}Comments     {{ lead.comments }}
{% endif %}',
'<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A new lead for you</title></head><body>
<p>Hello {{ partner.name }},</p>
<p>here is a lead that was sold to you.</p>
<table>
<tr><th align="left">Our number</th><td>{{ lead.id }}</td></tr>
<tr><th align="left">Name</th><td>{{ lead.first_name }} {{ lead.last_name }}</td></tr>
<tr><th align="left">Telephone</th><td>{{ lead.phone }}</td></tr>
<tr><th align="left">E-mail</th><td>{{ lead.email }}</td></tr>
{% if lead.company != "" %}<tr><th align="left">Company</th><td>{{ lead.company }}</td></tr>
{% endif %}{% if lead.address != "" %}<tr><th align="left">Address</th><td>{{ lead.address }}</td></tr>
{% endif %}{% if lead.contact_time != "" %}<tr><th align="left">Best time</th><td>{{ lead.contact_time }}</td></tr>
{% endif %}{% if lead.comments != "" %}<tr><th align="left">Comments</th><td>{{ lead.comments }}</td></tr>
{% endif %}</table>
</body></html>')
"""

STATEMENTS = (
    "SET lock_timeout = '5s'",
    CREATE_ENDPOINTS,
    "CREATE INDEX webhook_endpoints_by_owner ON webhook_endpoints (owner_kind, owner_id, id) WHERE deleted_at IS NULL",
    CREATE_SECRETS,
    "CREATE INDEX webhook_secrets_by_endpoint ON webhook_secrets (endpoint_id, created_at)",
    CREATE_DELIVERIES,
    """
    CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_attempt_at)
    WHERE state IN ('queued', 'retrying')
    """,
    "CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (next_attempt_at) WHERE state = 'sending'",
    "CREATE INDEX webhook_deliveries_under_way ON webhook_deliveries (endpoint_id) WHERE state = 'sending'",
    "CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, id)",
    "CREATE INDEX webhook_deliveries_by_owner ON webhook_deliveries (owner_kind, owner_id, id)",
    "CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (state, id)",
    "CREATE INDEX webhook_deliveries_by_lead ON webhook_deliveries (lead_id, id) WHERE lead_id IS NOT NULL",
    """
    CREATE INDEX webhook_deliveries_by_remote ON webhook_deliveries (endpoint_id, remote_id)
    WHERE remote_id IS NOT NULL
    """,
    CREATE_ATTEMPTS,
    "CREATE INDEX webhook_attempts_by_delivery ON webhook_attempts (delivery_id, id)",
    CREATE_PARTNERS,
    CREATE_HELD,
    "CREATE INDEX held_leads_decided ON held_leads (decided_at) WHERE decided_at IS NOT NULL",
    CREATE_ERASED,
    CREATE_INCOMING,
    INSERT_SOLD_TEMPLATE,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in (
        "incoming_webhooks", "webhook_erased_leads", "held_leads", "webhook_partners", "webhook_attempts",
        "webhook_deliveries", "webhook_secrets", "webhook_endpoints",
    ):  # fmt: skip
        op.execute(f"DROP TABLE {table}")
    op.execute("DELETE FROM email_log WHERE email_id IN (SELECT id FROM emails WHERE template = 'lead-sold')")
    op.execute("DELETE FROM emails WHERE template = 'lead-sold'")
    op.execute("DELETE FROM templates WHERE key = 'lead-sold'")
