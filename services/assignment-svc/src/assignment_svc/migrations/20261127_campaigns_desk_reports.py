"""The desk: what agents see, batches, reports, campaigns with their templates, fields, tools, surveys and accounts."""

from alembic import op

revision = "20261127_campaigns_desk_reports"
down_revision = "20260102_work_items"

TABLES = (
    """
CREATE TABLE agent_options (
    agent_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    view_non_partial_orders boolean NOT NULL,
    restrict_to_assigned boolean NOT NULL,
    resolved_visibility_seconds integer NOT NULL CHECK (resolved_visibility_seconds >= 0)
)
""",
    """
CREATE TABLE assignment_batches (
    batch_id text COLLATE "C" PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    results jsonb NOT NULL
)
""",
    """
CREATE TABLE products (
    product_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    code text COLLATE "C" NOT NULL,
    name text NOT NULL,
    sponsor_id text COLLATE "C",
    price jsonb
)
""",
    "CREATE INDEX products_code ON products (code)",
    """
CREATE TABLE campaign_settings (
    project_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    lock_minutes integer CHECK (lock_minutes BETWEEN 1 AND 120),
    call_channel text NOT NULL CHECK (call_channel IN ('tel_link', 'sip', 'external')),
    url_pattern text,
    claims_on_untick text NOT NULL CHECK (claims_on_untick IN ('finish', 'release')),
    CHECK ((call_channel = 'external') <= (url_pattern IS NOT NULL)),
    CHECK ((call_channel = 'tel_link') <= (url_pattern IS NULL))
)
""",
    """
CREATE TABLE campaign_outcomes (
    outcome_id text COLLATE "C" PRIMARY KEY,
    project_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    name_normalised text COLLATE "C" NOT NULL,
    contacted boolean NOT NULL,
    active boolean NOT NULL DEFAULT true,
    used boolean NOT NULL DEFAULT false,
    UNIQUE (project_id, name_normalised)
)
""",
    """
CREATE TABLE campaign_templates (
    project_id text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('email', 'survey')),
    template_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, kind, template_id)
)
""",
    "CREATE INDEX campaign_templates_template ON campaign_templates (kind, template_id)",
    """
CREATE TABLE campaign_fields (
    project_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    fields jsonb NOT NULL
)
""",
    """
CREATE TABLE lead_edits (
    lead_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    value jsonb NOT NULL,
    PRIMARY KEY (lead_id, name)
)
""",
    "COMMENT ON TABLE lead_edits IS 'what agents corrected, so that a later update by intake does not undo it'",
    """
CREATE TABLE survey_templates (
    template_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL,
    active boolean NOT NULL DEFAULT true
)
""",
    """
CREATE TABLE survey_versions (
    template_id text COLLATE "C" NOT NULL REFERENCES survey_templates (template_id) ON DELETE CASCADE,
    version bigint NOT NULL,
    questions jsonb NOT NULL,
    PRIMARY KEY (template_id, version)
)
""",
    """
CREATE TABLE survey_answers (
    answer_id text COLLATE "C" PRIMARY KEY,
    lead_id text COLLATE "C" NOT NULL,
    template_id text COLLATE "C" NOT NULL,
    template_version bigint NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    answers jsonb NOT NULL,
    FOREIGN KEY (template_id, template_version) REFERENCES survey_versions (template_id, version)
)
""",
    "CREATE INDEX survey_answers_lead ON survey_answers (lead_id, answer_id)",
    "CREATE INDEX survey_answers_template ON survey_answers (template_id, answer_id)",
    """
CREATE TABLE account_responsibles (
    project_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, account_id)
)
""",
    "CREATE INDEX account_responsibles_agent ON account_responsibles (project_id, agent_id, account_id)",
    """
CREATE TABLE campaign_tools (
    tool_id text COLLATE "C" PRIMARY KEY,
    project_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    name text NOT NULL,
    description text NOT NULL,
    module text NOT NULL,
    fields jsonb NOT NULL,
    active boolean NOT NULL DEFAULT true
)
""",
    "CREATE INDEX campaign_tools_project ON campaign_tools (project_id, tool_id)",
    """
CREATE TABLE opportunities (
    opportunity_id text COLLATE "C" PRIMARY KEY,
    lead_id text COLLATE "C" NOT NULL,
    tool_id text COLLATE "C" NOT NULL,
    tool text NOT NULL,
    module text NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    contact jsonb NOT NULL,
    account jsonb,
    fields jsonb NOT NULL
)
""",
    "CREATE INDEX opportunities_lead ON opportunities (lead_id, opportunity_id)",
    "CREATE INDEX opportunities_tool ON opportunities (tool_id)",
)

# History is what people rely on in a dispute (A1.13). Only an erasure may empty what an entry says of a person.
APPEND_ONLY = (
    """
CREATE FUNCTION refuse_rewriting_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('leadwire.erasing', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'history is append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$
""",
    """
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON history
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history()
""",
)

COLUMNS_AND_INDEXES = (
    "ALTER TABLE projects ADD COLUMN project_lock_time interval",
    "COMMENT ON COLUMN projects.project_lock_time IS 'what sponsor-svc says; lock_time is the campaign''s own, if any'",
    "CREATE INDEX projects_tab ON projects (state, lower(name), project_id)",
    "ALTER TABLE work_items ADD COLUMN closed_at timestamptz",
    "CREATE INDEX work_items_leads_of_agent ON work_items (agent_id, lead_id) WHERE agent_id IS NOT NULL",
    "ALTER TABLE orders ADD COLUMN created_at timestamptz NOT NULL DEFAULT now()",
    "ALTER TABLE orders ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now()",
    "CREATE INDEX orders_lead ON orders (lead_id, order_id)",
    "CREATE INDEX orders_status ON orders (status, lead_id, order_id)",
    'CREATE INDEX orders_number ON orders (number COLLATE "C")',
    "CREATE INDEX leads_received ON leads (received_at, lead_id)",
    'CREATE INDEX leads_last_name ON leads (lower(last_name) COLLATE "C") WHERE last_name IS NOT NULL',
    'CREATE INDEX leads_first_name ON leads (lower(first_name) COLLATE "C") WHERE first_name IS NOT NULL',
    'CREATE INDEX leads_phone_end ON leads (reverse(phone) COLLATE "C") WHERE phone IS NOT NULL',
    'CREATE INDEX leads_external ON leads (external_id COLLATE "C")',
    """
CREATE INDEX leads_account ON leads (project_id, (content -> 'account' ->> 'external_id') COLLATE "C")
WHERE (content -> 'account' ->> 'external_id') IS NOT NULL
""",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (*TABLES, *APPEND_ONLY, *COLUMNS_AND_INDEXES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for index in (
        *("leads_account", "leads_external", "leads_phone_end", "leads_first_name", "leads_last_name"),
        *("leads_received", "orders_number", "orders_status", "orders_lead", "work_items_leads_of_agent"),
        "projects_tab",
    ):
        op.execute(f"DROP INDEX {index}")
    op.execute("ALTER TABLE orders DROP COLUMN created_at, DROP COLUMN changed_at")
    op.execute("ALTER TABLE work_items DROP COLUMN closed_at")
    op.execute("ALTER TABLE projects DROP COLUMN project_lock_time")
    op.execute("DROP TRIGGER history_is_append_only ON history")
    op.execute("DROP FUNCTION refuse_rewriting_history")
    for table in (
        *("opportunities", "campaign_tools", "account_responsibles", "survey_answers", "survey_versions"),
        *("survey_templates", "lead_edits", "campaign_fields", "campaign_templates", "campaign_outcomes"),
        *("campaign_settings", "products", "assignment_batches", "agent_options"),
    ):
        op.execute(f"DROP TABLE {table}")
