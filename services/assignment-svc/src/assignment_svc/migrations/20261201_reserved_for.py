"""The queue knows whom a lead is kept for; national lists and until when they are fresh; queue rules by level."""

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
    """
ALTER TABLE projects
    ADD COLUMN stale_lists_block boolean NOT NULL DEFAULT false,
    ADD COLUMN said jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN callback_public_after interval NOT NULL DEFAULT '1 hour',
    ADD COLUMN speed_warning interval NOT NULL DEFAULT '1 minute'
""",
    "COMMENT ON COLUMN projects.said IS 'queue rules of its own; the other columns have what holds'",
    # Until now a project said everything, and a campaign with rules of its own left nothing to the centre.
    """
UPDATE projects p SET said = jsonb_build_object(
        'cool_down_minutes', (extract(epoch FROM p.cool_down) / 60)::integer, 'max_attempts', p.max_attempts,
        'max_age_hours', (extract(epoch FROM p.max_age) / 3600)::integer,
        'order', CASE WHEN p.newest_first THEN 'newest' ELSE 'oldest' END,
        'use_partner_priority', p.use_partner_priority,
        'status_after_request', p.status_after_request,
        'lock_minutes', (extract(epoch FROM coalesce(p.project_lock_time, p.lock_time)) / 60)::integer),
    callback_public_after = coalesce(r.callback_public_after, d.callback_public_after, '1 hour'),
    speed_warning = coalesce(r.speed_warning, d.speed_warning, '1 minute')
FROM projects q LEFT JOIN campaign_rules r USING (project_id) LEFT JOIN campaign_rules d ON d.project_id = '*'
WHERE q.project_id = p.project_id
""",
    "ALTER TABLE campaign_settings ADD COLUMN call_centre text",
    "ALTER TABLE campaign_rules ADD COLUMN said jsonb NOT NULL DEFAULT '{}'",
    """
UPDATE campaign_rules SET said = jsonb_build_object(
    'callback_public_after_minutes', (extract(epoch FROM callback_public_after) / 60)::integer,
    'speed_target_minutes', (extract(epoch FROM speed_target) / 60)::integer,
    'speed_warning_minutes', (extract(epoch FROM speed_warning) / 60)::integer,
    'available_from', available_from, 'available_until', available_until)
""",
)

BACK = (
    "ALTER TABLE campaign_settings DROP COLUMN call_centre",
    "ALTER TABLE campaign_rules DROP COLUMN said",
    """
ALTER TABLE projects
    DROP COLUMN stale_lists_block, DROP COLUMN said, DROP COLUMN callback_public_after, DROP COLUMN speed_warning
""",
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
