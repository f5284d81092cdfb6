"""The queue knows whom a lead is kept for; national suppression lists and until when they are fresh."""

from alembic import op

revision = "20261201_reserved_for"
down_revision = "20261126_timers_callbacks"

STATEMENTS = (
    "ALTER TABLE queue ADD COLUMN reserved_for text COLLATE \"C\" NOT NULL DEFAULT ''",
    "COMMENT ON COLUMN queue.reserved_for IS 'who is responsible for the account; empty: anybody may have it'",
    """
UPDATE queue q SET reserved_for = r.agent_id FROM leads l, account_responsibles r
WHERE l.lead_id = q.lead_id AND r.project_id = l.project_id
  AND r.account_id = l.content -> 'account' ->> 'external_id'
""",
    "DROP INDEX queue_order, queue_cooling, account_responsibles_agent",
    """
CREATE INDEX queue_order ON queue (project_id, place_id, reserved_for, rank, position, lead_id)
WHERE ready_at IS NULL
""",
    """
CREATE INDEX queue_cooling ON queue (project_id, place_id, reserved_for, ready_at) WHERE ready_at IS NOT NULL
""",
    "CREATE INDEX account_responsibles_agent ON account_responsibles (agent_id, project_id, account_id)",
    """
CREATE TABLE suppression_lists (
    list_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    scope text NOT NULL,
    scope_id text COLLATE "C",
    fresh_until timestamptz
)
""",
    "COMMENT ON COLUMN suppression_lists.fresh_until IS 'of a national list; of others, and of removed ones, empty'",
    "ALTER TABLE projects ADD COLUMN stale_lists_block boolean NOT NULL DEFAULT false",
)

BACK = (
    "ALTER TABLE projects DROP COLUMN stale_lists_block",
    "DROP TABLE suppression_lists",
    "DROP INDEX queue_order, queue_cooling, account_responsibles_agent",
    "CREATE INDEX queue_order ON queue (project_id, place_id, rank, position, lead_id) WHERE ready_at IS NULL",
    "CREATE INDEX queue_cooling ON queue (project_id, place_id, ready_at) WHERE ready_at IS NOT NULL",
    "CREATE INDEX account_responsibles_agent ON account_responsibles (project_id, agent_id, account_id)",
    "ALTER TABLE queue DROP COLUMN reserved_for",
    "DELETE FROM timers WHERE kind = 'target-group'",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in BACK:
        op.execute(statement)
