"""S0.12: what was counted, event by event, so that it can be counted again; the zone that buckets are cut in."""

from alembic import op

revision = "20261127_facts_of_statistics"
down_revision = "20261126_project_rules"

UP = (
    """
CREATE TABLE facts (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    lead_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    sponsor_id text COLLATE "C" NOT NULL,
    project_id text COLLATE "C" NOT NULL,
    contact_list_id text COLLATE "C",
    partner_id text COLLATE "C" NOT NULL,
    track text COLLATE "C" CHECK (track IN ('work', 'case')),
    reopens boolean NOT NULL,
    undone boolean NOT NULL DEFAULT false,
    tally jsonb NOT NULL
) WITH (fillfactor = 95, autovacuum_vacuum_insert_scale_factor = 0.05)
""",
    "COMMENT ON TABLE facts IS 'nothing personal: ids, and what each event adds to the counters'",
    "COMMENT ON COLUMN facts.undone IS 'an outcome that a later reopening of the lead took back'",
    "CREATE INDEX facts_outcomes ON facts (lead_id, version) WHERE track IS NOT NULL",
    """
CREATE TABLE statistics_zone (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    time_zone text NOT NULL
)
""",
    "INSERT INTO statistics_zone (time_zone) VALUES ('UTC')",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE facts")
    op.execute("DROP TABLE statistics_zone")
