"""Leads, their work items, the queue, locks, attempts, orders and history."""

from alembic import op

revision = "20260102_work_items"
down_revision = "20260101_reference"

# A claim walks the head of the queue, where everything dies young: with the default settings 300,000 claims slowed it
# to a fifth, with these it kept its speed over a million. The same goes for locks.
_SHORT_LIVED = """
    autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 50000
"""

STATEMENTS = (
    """
CREATE TABLE leads (
    lead_id text COLLATE "C" PRIMARY KEY,
    intake_version bigint NOT NULL,
    partner_id text COLLATE "C" NOT NULL,
    project_id text COLLATE "C" NOT NULL,
    sponsor_id text COLLATE "C",
    contact_list_id text COLLATE "C",
    external_id text NOT NULL,
    received_at timestamptz NOT NULL,
    first_name text,
    last_name text,
    phone text COLLATE "C",
    email text COLLATE "C",
    email_domain text COLLATE "C",
    place_id integer NOT NULL REFERENCES places (place_id),
    has_consent boolean NOT NULL,
    content jsonb NOT NULL
)
""",
    "COMMENT ON COLUMN leads.content IS 'account, address, consent, comments and custom fields, as intake says'",
    "CREATE INDEX leads_phone ON leads (phone) WHERE phone IS NOT NULL",
    "CREATE INDEX leads_email ON leads (email) WHERE email IS NOT NULL",
    "CREATE INDEX leads_email_domain ON leads (email_domain) WHERE email_domain IS NOT NULL",
    "CREATE INDEX leads_contact_list ON leads (contact_list_id) WHERE contact_list_id IS NOT NULL",
    "CREATE INDEX leads_project ON leads (project_id, lead_id)",
    """
CREATE TABLE work_items (
    lead_id text COLLATE "C" PRIMARY KEY REFERENCES leads (lead_id),
    version bigint NOT NULL,
    state text NOT NULL CHECK (state IN (
        'held', 'pending', 'queued', 'claimed', 'converted', 'resolved', 'invalid', 'suppressed', 'expired'
    )),
    location text NOT NULL CHECK (location IN ('pending', 'queue')),
    priority text NOT NULL,
    after_validation text NOT NULL,
    validated boolean NOT NULL,
    agent_id text COLLATE "C",
    claimed_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    calls integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    expires_at timestamptz,
    reason text,
    disposition_id text COLLATE "C",
    order_id text COLLATE "C",
    changed_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'claimed') <= (agent_id IS NOT NULL))
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)
""",
    "CREATE INDEX work_items_state ON work_items (state, lead_id)",
    "CREATE INDEX work_items_agent ON work_items (agent_id, state, lead_id) WHERE agent_id IS NOT NULL",
    """
CREATE INDEX work_items_expiry ON work_items (expires_at)
WHERE state IN ('queued', 'pending') AND expires_at IS NOT NULL
""",
    f"""
CREATE TABLE queue (
    lead_id text COLLATE "C" PRIMARY KEY,
    project_id text COLLATE "C" NOT NULL,
    place_id integer NOT NULL,
    rank smallint NOT NULL,
    position bigint NOT NULL,
    ready_at timestamptz
) WITH ({_SHORT_LIVED})
""",
    "COMMENT ON COLUMN queue.ready_at IS 'set while cooling down: such a row is in no index that a claim walks'",
    "COMMENT ON COLUMN queue.position IS 'microseconds of received_at, negated where the newest lead comes first'",
    "CREATE INDEX queue_order ON queue (project_id, place_id, rank, position, lead_id) WHERE ready_at IS NULL",
    "CREATE INDEX queue_timers ON queue (ready_at) WHERE ready_at IS NOT NULL",
    "CREATE INDEX queue_cooling ON queue (project_id, place_id, ready_at) WHERE ready_at IS NOT NULL",
    """
CREATE TABLE queue_places (
    project_id text COLLATE "C" NOT NULL,
    place_id integer NOT NULL,
    PRIMARY KEY (project_id, place_id)
)
""",
    "COMMENT ON TABLE queue_places IS 'every pair that ever was in the queue; a claim asks for those callable now'",
    f"""
CREATE TABLE locks (
    lock_key text COLLATE "C" PRIMARY KEY,
    lead_id text COLLATE "C" NOT NULL,
    holder text COLLATE "C" NOT NULL,
    token bigint NOT NULL,
    acquired_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
) WITH ({_SHORT_LIVED})
""",
    "COMMENT ON COLUMN locks.lock_key IS 'the phone number, so that one person is never called by two; else the lead'",
    "CREATE INDEX locks_lead ON locks (lead_id)",
    "CREATE SEQUENCE lock_tokens",
    f"""
CREATE TABLE claim_timers (
    lead_id text COLLATE "C" PRIMARY KEY,
    due_at timestamptz NOT NULL
) WITH ({_SHORT_LIVED})
""",
    "CREATE INDEX claim_timers_due ON claim_timers (due_at)",
    """
CREATE TABLE verdicts (
    lead_id text COLLATE "C" PRIMARY KEY,
    lead_known boolean NOT NULL,
    verdict text,
    version bigint NOT NULL DEFAULT 0,
    decided_by text,
    note text
)
""",
    "COMMENT ON TABLE verdicts IS 'where a held lead and its verdict meet, whichever comes first'",
    """
CREATE TABLE attempts (
    attempt_id text COLLATE "C" PRIMARY KEY,
    lead_id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    outcome text NOT NULL,
    contacted boolean NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    UNIQUE (lead_id, number)
)
""",
    """
CREATE TABLE orders (
    order_id text COLLATE "C" PRIMARY KEY,
    lead_id text COLLATE "C" NOT NULL REFERENCES leads (lead_id),
    version bigint NOT NULL DEFAULT 1,
    number text NOT NULL,
    status text NOT NULL CHECK (status IN ('partial', 'completed')),
    items jsonb NOT NULL,
    total jsonb,
    edited boolean NOT NULL,
    UNIQUE (lead_id, number)
)
""",
    """
CREATE TABLE history (
    position bigint GENERATED ALWAYS AS IDENTITY,
    lead_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    event text NOT NULL,
    actor text COLLATE "C",
    agent_id text COLLATE "C",
    data jsonb NOT NULL
)
""",
    "CREATE INDEX history_lead ON history (lead_id, position)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "history",
        "orders",
        "attempts",
        "verdicts",
        "claim_timers",
        "locks",
        "queue_places",
        "queue",
        "work_items",
        "leads",
    ):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP SEQUENCE lock_tokens")
