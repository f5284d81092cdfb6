"""Messages and idempotency; what other services and supervisors say about projects, people and lists."""

from alembic import op
from messaging.schema import CREATE_TABLES
from servicekit.idempotency import CREATE_TABLES as IDEMPOTENCY_TABLES

revision = "20260101_reference"
down_revision = None

STATEMENTS = (
    """
CREATE TABLE projects (
    project_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    sponsor_id text COLLATE "C",
    calling_mode text NOT NULL,
    calling_from text,
    calling_until text,
    calling_days smallint[],
    consent_required boolean NOT NULL,
    cool_down interval NOT NULL,
    max_attempts integer NOT NULL,
    max_age interval,
    newest_first boolean NOT NULL,
    use_partner_priority boolean NOT NULL,
    status_after_request text NOT NULL,
    lock_time interval NOT NULL
)
""",
    """
CREATE TABLE sponsors (
    sponsor_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    active boolean NOT NULL
)
""",
    """
CREATE TABLE contact_lists (
    contact_list_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    expires_at timestamptz
)
""",
    """
CREATE TABLE partners (
    partner_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    priority text NOT NULL
)
""",
    """
CREATE TABLE agents (
    agent_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL,
    access_level text NOT NULL,
    active boolean NOT NULL,
    permissions text[] NOT NULL,
    open_claims integer NOT NULL DEFAULT 0 CHECK (open_claims >= 0)
) WITH (fillfactor = 70)
""",
    "COMMENT ON COLUMN agents.open_claims IS 'leads in state claimed; kept by what claims or ends a claim'",
    """
CREATE TABLE suppressions (
    suppression_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    identity text COLLATE "C" NOT NULL,
    scope text NOT NULL,
    scope_id text COLLATE "C",
    removed boolean NOT NULL,
    sweep_at timestamptz
)
""",
    "COMMENT ON COLUMN suppressions.identity IS 'phone, email or domain, a colon, and the normalised value'",
    "CREATE INDEX suppressions_identity ON suppressions (identity) WHERE NOT removed",
    "CREATE INDEX suppressions_sweep ON suppressions (sweep_at) WHERE sweep_at IS NOT NULL",
    """
CREATE TABLE campaigns (
    project_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL
)
""",
    """
CREATE TABLE campaign_agents (
    agent_id text COLLATE "C" NOT NULL,
    project_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (agent_id, project_id)
)
""",
    "CREATE INDEX campaign_agents_project ON campaign_agents (project_id, agent_id)",
    """
CREATE TABLE dispositions (
    disposition_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    name text NOT NULL,
    name_normalised text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    call_centre text NOT NULL,
    active boolean NOT NULL DEFAULT true,
    UNIQUE (call_centre, name_normalised)
)
""",
    """
CREATE TABLE places (
    place_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    country text NOT NULL,
    region text NOT NULL,
    zones text[] NOT NULL,
    UNIQUE (country, region, zones)
)
""",
    "COMMENT ON TABLE places IS 'where a number may be: whose rules hold, and on which clocks'",
    """
CREATE TABLE reference_version (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    version bigint NOT NULL
)
""",
    "INSERT INTO reference_version (version) VALUES (1)",
)


def upgrade() -> None:
    for statement in (*CREATE_TABLES, *IDEMPOTENCY_TABLES, *STATEMENTS):
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "reference_version",
        "places",
        "dispositions",
        "campaign_agents",
        "campaigns",
        "suppressions",
        "agents",
        "partners",
        "contact_lists",
        "sponsors",
        "projects",
        "idempotency_keys",
        "dead_letters",
        "delayed_messages",
        "inbox_suspects",
        "inbox",
        "relay_lease",
        "outbox",
    ):
        op.execute(f"DROP TABLE {table}")
