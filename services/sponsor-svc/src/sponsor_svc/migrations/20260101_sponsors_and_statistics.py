"""Sponsors, projects, products, contact lists, and the counters of the statistics."""

from alembic import op
from messaging.schema import CREATE_TABLES
from servicekit.idempotency import CREATE_TABLES as IDEMPOTENCY_TABLES

revision = "20260101_sponsors_and_statistics"
down_revision = None

_TIMES = """
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
"""

REFERENCE = (
    f"""
CREATE TABLE sponsors (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL CONSTRAINT sponsors_name UNIQUE,
    code text,
    contact text,
    status text NOT NULL CHECK (status IN ('active', 'archived')),
    {_TIMES}
)
""",
    "CREATE INDEX sponsors_active ON sponsors (id) WHERE status = 'active'",
    f"""
CREATE TABLE projects (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('outbound', 'inbound')),
    state text NOT NULL CHECK (state IN ('available', 'active', 'passive')),
    sponsor_id text COLLATE "C" REFERENCES sponsors,
    call_centre_validation boolean NOT NULL,
    after_validation text NOT NULL CHECK (after_validation IN ('queue', 'deliver', 'both')),
    written_confirmation boolean NOT NULL,
    region text NOT NULL,
    calling_hours jsonb NOT NULL,
    queue jsonb NOT NULL,
    duplicates jsonb NOT NULL,
    checks jsonb NOT NULL,
    {_TIMES}
)
""",
    "CREATE INDEX projects_sponsor ON projects (sponsor_id, id)",
    f"""
CREATE TABLE products (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    code text NOT NULL,
    code_key text COLLATE "C" NOT NULL CONSTRAINT products_code UNIQUE,
    sponsor_id text COLLATE "C" REFERENCES sponsors,
    sponsor_product_code text COLLATE "C",
    {_TIMES},
    CONSTRAINT products_sponsor_code UNIQUE (sponsor_id, sponsor_product_code)
)
""",
    "CREATE INDEX products_sponsor ON products (sponsor_id, id)",
    f"""
CREATE TABLE contact_lists (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    project_id text COLLATE "C" REFERENCES projects,
    sponsor_id text COLLATE "C" REFERENCES sponsors,
    expires_on date,
    time_zone text NOT NULL,
    expires_at timestamptz,
    expired boolean NOT NULL,
    {_TIMES},
    CHECK ((expires_on IS NULL) = (expires_at IS NULL)),
    CHECK (expires_on IS NOT NULL OR NOT expired)
)
""",
    "COMMENT ON COLUMN contact_lists.expires_at IS 'when the day after expires_on begins in time_zone'",
    "CREATE INDEX contact_lists_sponsor ON contact_lists (sponsor_id, id)",
    "CREATE INDEX contact_lists_project ON contact_lists (project_id, id)",
    "CREATE INDEX contact_lists_due ON contact_lists (expires_at) WHERE NOT expired AND expires_at IS NOT NULL",
)

_KEY = """
    dimension text COLLATE "C" NOT NULL,
    entity_id text COLLATE "C" NOT NULL,
    grain text COLLATE "C" NOT NULL CHECK (grain IN ('minute', 'hour', 'day')),
    at timestamptz NOT NULL,
    sponsor_id text COLLATE "C" NOT NULL
"""

# The rows of the current minute, hour and day are written by every batch. With room in their pages an update stays
# in its page and touches no index (HOT).
_UPDATED_OFTEN = "WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)"

STATISTICS = (
    f"""
CREATE TABLE counters (
    {_KEY},
    received bigint NOT NULL,
    rejected bigint NOT NULL,
    quarantined bigint NOT NULL,
    held bigint NOT NULL,
    confirmed bigint NOT NULL,
    validation_rejected bigint NOT NULL,
    queued bigint NOT NULL,
    claimed bigint NOT NULL,
    attempts bigint NOT NULL,
    contacted bigint NOT NULL,
    resolved bigint NOT NULL,
    converted bigint NOT NULL,
    invalid bigint NOT NULL,
    returned bigint NOT NULL,
    replaced bigint NOT NULL,
    PRIMARY KEY (dimension, entity_id, grain, at, sponsor_id)
) {_UPDATED_OFTEN}
""",
    f"""
CREATE TABLE breakdowns (
    {_KEY},
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('rejected', 'resolved', 'value', 'speed')),
    label text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (dimension, entity_id, grain, at, sponsor_id, kind, label)
) {_UPDATED_OFTEN}
""",
    "COMMENT ON COLUMN breakdowns.kind IS 'speed is kept by hour and day only'",
    "COMMENT ON COLUMN breakdowns.label IS 'reason, disposition, currency, or number of the speed-to-lead bucket'",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (*CREATE_TABLES, *IDEMPOTENCY_TABLES, *REFERENCE, *STATISTICS):
        op.execute(statement)


def downgrade() -> None:
    for table in ("breakdowns", "counters", "contact_lists", "products", "projects", "sponsors"):
        op.execute(f"DROP TABLE {table}")
