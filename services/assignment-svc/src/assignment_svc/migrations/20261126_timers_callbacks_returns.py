"""One table of timers; what others say about leads; call-backs, offers, drafts, rules of campaigns, presence."""

from alembic import op

revision = "20261126_timers_callbacks"  # as many letters as alembic keeps
down_revision = "20261127_campaigns_desk_reports"

_OLD_STATES = "'held', 'pending', 'queued', 'claimed', 'converted', 'resolved', 'invalid', 'suppressed', 'expired'"
_NEW_STATES = f"{_OLD_STATES}, 'callback', 'offer_sent', 'return_hold', 'returned', 'sold', 'erased'"

_SHORT_LIVED = """
    autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 50000
"""

STATEMENTS = (
    f"""
CREATE TABLE timers (
    kind text NOT NULL,
    subject text COLLATE "C" NOT NULL,
    due_at timestamptz NOT NULL
) WITH ({_SHORT_LIVED})
""",
    "COMMENT ON TABLE timers IS 'reminders: inserted and fired, never changed; whoever is reminded looks what is so'",
    "CREATE INDEX timers_due ON timers (due_at)",
    "CREATE INDEX timers_rules ON timers (subject) WHERE kind = 'rule'",
    "INSERT INTO timers SELECT 'idle-claim', lead_id, due_at FROM claim_timers",
    "INSERT INTO timers SELECT 'cooled', lead_id, ready_at FROM queue WHERE ready_at IS NOT NULL",
    "INSERT INTO timers SELECT 'expiry', lead_id, expires_at FROM work_items WHERE expires_at IS NOT NULL",
    "INSERT INTO timers SELECT 'sweep', suppression_id, sweep_at FROM suppressions WHERE sweep_at IS NOT NULL",
    "DROP INDEX work_items_expiry, queue_timers, suppressions_sweep",
    # Processes of the older release still write it while they are replaced; it goes with a later revision.
    "TRUNCATE claim_timers",
    "ALTER TABLE suppressions ALTER COLUMN sweep_at SET DEFAULT NULL",
    "ALTER TABLE work_items DROP CONSTRAINT work_items_state_check",
    f"ALTER TABLE work_items ADD CONSTRAINT work_items_state_check CHECK (state IN ({_NEW_STATES})) NOT VALID",
    "ALTER TABLE work_items VALIDATE CONSTRAINT work_items_state_check",
    """
CREATE TABLE lead_facts (
    lead_id text COLLATE "C" NOT NULL,
    fact text NOT NULL CHECK (fact IN ('return', 'sale', 'revocation', 'erasure')),
    cause_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'closed', 'final')),
    PRIMARY KEY (lead_id, fact, cause_id)
)
""",
    "COMMENT ON TABLE lead_facts IS 'what others decided about a lead, known here or not; an erasure is its tombstone'",
    """
CREATE TABLE withdrawals (
    lead_id text COLLATE "C" PRIMARY KEY,
    before jsonb NOT NULL
)
""",
    "COMMENT ON TABLE withdrawals IS 'what an item was before its return was requested, so that it can be that again'",
    """
CREATE TABLE callbacks (
    callback_id text COLLATE "C" PRIMARY KEY,
    lead_id text COLLATE "C" NOT NULL REFERENCES leads (lead_id),
    project_id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    status text NOT NULL DEFAULT 'scheduled' CHECK (status IN ('scheduled', 'due', 'done', 'cancelled')),
    private boolean NOT NULL,
    at timestamptz NOT NULL,
    time_zone text,
    note text
)
""",
    "CREATE UNIQUE INDEX callbacks_open ON callbacks (lead_id) WHERE status IN ('scheduled', 'due')",
    "CREATE INDEX callbacks_due ON callbacks (agent_id, at) WHERE status = 'due' AND private",
    "CREATE INDEX callbacks_time ON callbacks (at, callback_id) WHERE status IN ('scheduled', 'due')",
    "CREATE INDEX callbacks_agent ON callbacks (agent_id, at, callback_id) WHERE status IN ('scheduled', 'due')",
    """
CREATE TABLE offers (
    offer_id text COLLATE "C" PRIMARY KEY,
    lead_id text COLLATE "C" NOT NULL REFERENCES leads (lead_id),
    agent_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    status text NOT NULL DEFAULT 'sent' CHECK (status IN ('sent', 'accepted', 'lapsed', 'cancelled')),
    sent_at timestamptz NOT NULL DEFAULT now(),
    lapses_at timestamptz NOT NULL
)
""",
    "CREATE UNIQUE INDEX offers_open ON offers (lead_id) WHERE status = 'sent'",
    """
CREATE TABLE drafts (
    lead_id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    note text NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (lead_id, agent_id)
)
""",
    """
CREATE TABLE campaign_rules (
    project_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    mode text NOT NULL CHECK (mode IN ('pull', 'round_robin', 'least_loaded')),
    claims_per_agent integer CHECK (claims_per_agent > 0),
    callback_public_after interval NOT NULL,
    speed_target interval,
    speed_warning interval NOT NULL,
    available_from text,
    available_until text
)
""",
    "COMMENT ON TABLE campaign_rules IS 'A3.11 and what goes with it; the row of project * has the defaults of A2.6'",
    """
CREATE TABLE raised_alarms (
    alarm text NOT NULL,
    key text COLLATE "C" NOT NULL,
    detail text NOT NULL,
    times bigint NOT NULL DEFAULT 1,
    raised_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (alarm, key)
)
""",
    """
ALTER TABLE projects
    ADD COLUMN written_confirmation boolean NOT NULL DEFAULT false,
    ADD COLUMN offer_lapse interval NOT NULL DEFAULT '14 days',
    ADD COLUMN handed_out boolean NOT NULL DEFAULT false,
    ADD COLUMN claims_per_agent integer,
    ADD COLUMN speed_target interval,
    ADD COLUMN available_from text,
    ADD COLUMN available_until text
""",
    "COMMENT ON COLUMN projects.handed_out IS 'by a rule: nobody pulls; copied from the rules, as what follows'",
    "ALTER TABLE partners ADD COLUMN hours text NOT NULL DEFAULT ''",
    "ALTER TABLE places ADD COLUMN hours text NOT NULL DEFAULT ''",
    "COMMENT ON COLUMN places.hours IS 'window of the partner, which narrows that of the project'",
    "ALTER TABLE places DROP CONSTRAINT places_country_region_zones_key",
    "ALTER TABLE places ADD UNIQUE (country, region, zones, hours)",
    "ALTER TABLE agents ADD COLUMN seen_at timestamptz",
    "COMMENT ON COLUMN agents.seen_at IS 'last request or heartbeat, give or take some seconds'",
    "ALTER TABLE campaign_agents ADD COLUMN given_at timestamptz",
    "COMMENT ON COLUMN campaign_agents.given_at IS 'when a rule last gave the agent a lead of the campaign'",
)

BACK = (
    "ALTER TABLE campaign_agents DROP COLUMN given_at",
    "ALTER TABLE agents DROP COLUMN seen_at",
    "DELETE FROM queue_places USING places p WHERE p.place_id = queue_places.place_id AND p.hours <> ''",
    "ALTER TABLE places DROP CONSTRAINT places_country_region_zones_hours_key",
    """
ALTER TABLE partners DROP COLUMN hours
""",
    # Places that differ only by the window of a partner become one again.
    """
UPDATE leads l SET place_id = s.first FROM (
    SELECT place_id, min(place_id) OVER (PARTITION BY country, region, zones) AS first FROM places
) s WHERE s.place_id = l.place_id AND s.first <> l.place_id
""",
    "UPDATE queue q SET place_id = l.place_id FROM leads l WHERE l.lead_id = q.lead_id AND l.place_id <> q.place_id",
    (
        "DELETE FROM places p WHERE EXISTS (SELECT FROM places s WHERE s.place_id < p.place_id"
        " AND (s.country, s.region, s.zones) = (p.country, p.region, p.zones))"
    ),
    "ALTER TABLE places DROP COLUMN hours",
    "ALTER TABLE places ADD UNIQUE (country, region, zones)",
    """
INSERT INTO queue_places SELECT DISTINCT project_id, place_id FROM queue ON CONFLICT DO NOTHING
""",
    """
ALTER TABLE projects
    DROP COLUMN written_confirmation, DROP COLUMN offer_lapse, DROP COLUMN handed_out, DROP COLUMN claims_per_agent,
    DROP COLUMN speed_target, DROP COLUMN available_from, DROP COLUMN available_until
""",
    # What the older release has no word for: somebody who waits for a call or an answer is an agent's again.
    (
        "UPDATE agents a SET open_claims = open_claims + n"
        " FROM (SELECT agent_id, count(*)::integer AS n FROM work_items"
        " WHERE state IN ('callback', 'offer_sent') AND agent_id IS NOT NULL GROUP BY agent_id) c"
        " WHERE c.agent_id = a.agent_id"
    ),
    "UPDATE work_items SET state = 'claimed', claimed_at = now() WHERE state IN ('callback', 'offer_sent')",
    (
        "UPDATE work_items SET state = 'invalid', reason = state"
        " WHERE state IN ('return_hold', 'returned', 'sold', 'erased')"
    ),
    "ALTER TABLE work_items DROP CONSTRAINT work_items_state_check",
    f"ALTER TABLE work_items ADD CONSTRAINT work_items_state_check CHECK (state IN ({_OLD_STATES}))",
    (
        "INSERT INTO claim_timers SELECT subject, max(due_at) FROM timers WHERE kind = 'idle-claim' GROUP BY subject"
        " ON CONFLICT (lead_id) DO NOTHING"
    ),
    """
CREATE INDEX work_items_expiry ON work_items (expires_at)
WHERE state IN ('queued', 'pending') AND expires_at IS NOT NULL
""",
    "CREATE INDEX queue_timers ON queue (ready_at) WHERE ready_at IS NOT NULL",
    "CREATE INDEX suppressions_sweep ON suppressions (sweep_at) WHERE sweep_at IS NOT NULL",
    (
        "UPDATE suppressions SET sweep_at = t.due_at FROM timers t"
        " WHERE t.kind = 'sweep' AND t.subject = suppressions.suppression_id"
    ),
)

TABLES = ("raised_alarms", "campaign_rules", "drafts", "offers", "callbacks", "withdrawals", "lead_facts", "timers")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in BACK:
        op.execute(statement)
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
