# ruff: noqa: E501
"""A queue to claim from: written straight into assignment-svc's tables, since a million events would take an hour."""

import time
from typing import Any

import asyncpg

# `prj_open` may be called always, `prj_shut` for one minute twelve hours from now.
CENTRE = """
TRUNCATE leads, work_items, queue, queue_places, locks, history, outbox, projects, agents, campaign_agents, orders, timers,
    callbacks, offers;
INSERT INTO projects SELECT project_id, 1, project_id, 'active', NULL, mode, opens, closes, NULL, false,
    interval '1 hour', 3, NULL, true, true, 'leave_assigned', interval '15 min'
FROM (VALUES ('prj_open', 'always', NULL, NULL), ('prj_shut', 'custom', '{hour}:00', '{hour}:01'))
    AS v (project_id, mode, opens, closes);
INSERT INTO places (country, region, zones) VALUES ('FI', '', '{{Europe/Helsinki}}') ON CONFLICT DO NOTHING;
INSERT INTO agents SELECT 'usr_' || n, 1, 'Agent', 'leads_agent', true, '{{queue.request}}'
    FROM generate_series(1, {agents}) n;
INSERT INTO campaign_agents SELECT agent_id, project_id FROM agents, projects;
UPDATE reference_version SET version = version + 1;
"""
# ANALYZE, because PostgreSQL 18 looks leads up by skipping through an index that begins with their time, while nothing is
# known of them. Of the leads that may not be called now, one half cools down and the other has its hours later.
LEADS = """
INSERT INTO leads SELECT 'lead_' || lpad((1000000000 - n)::text, 26, '0'), 1, 'ptr_1',
    CASE WHEN n % {every} = 0 OR n % 2 = 0 THEN 'prj_open' ELSE 'prj_shut' END,
    NULL, NULL, 'ext-' || n, now() - n * interval '1 ms', 'Maximilian', 'Mustermann', '+35840' || lpad(n::text, 8, '0'),
    'user' || n || '@example.com', 'example.com', place_id, true,
    '{{"custom": {{"utm_source": "google", "utm_campaign": "autumn"}}, "comments": "Call in the evening."}}'
FROM generate_series(1, {leads}) n, (SELECT min(place_id) AS place_id FROM places WHERE country = 'FI') p;
ANALYZE leads;
INSERT INTO work_items (lead_id, version, state, location, priority, after_validation, validated, next_attempt_at)
SELECT lead_id, 1, 'queued', 'queue', (ARRAY['normal', 'medium', 'high'])[1 + n % 3], 'queue', true,
    CASE WHEN n % {every} <> 0 AND n % 2 = 0 THEN now() + interval '1 day' END
FROM (SELECT lead_id, substr(external_id, 5)::int AS n FROM leads) l;
ANALYZE work_items;
INSERT INTO queue SELECT lead_id, project_id, place_id,
    CASE priority WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END, -(extract(epoch FROM received_at) * 1000000)::bigint, next_attempt_at
FROM work_items JOIN leads USING (lead_id) ORDER BY received_at DESC;
INSERT INTO queue_places SELECT DISTINCT project_id, place_id FROM queue;
"""
ASTRAY = """
SELECT count(*) FROM work_items w FULL JOIN queue q USING (lead_id)
WHERE (w.state = 'queued') <> (q.lead_id IS NOT NULL)
"""


async def fill(dsn: str, *, agents: int, leads: int, callable_every: int = 1) -> None:
    """So many leads are queued, of which every n-th may be called now."""
    hour = f"{(time.gmtime().tm_hour + 2 + 12) % 24:02d}"
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET synchronous_commit = off")
        await connection.execute(CENTRE.format(hour=hour, agents=agents))
        await connection.execute(LEADS.format(leads=leads, every=callable_every))
        for table in ("leads", "work_items", "queue"):
            await connection.execute(f"VACUUM ANALYZE {table}")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def check(dsn: str, claimed: int) -> None:
    """Raises RuntimeError when a lead was given twice or got lost."""
    connection = await asyncpg.connect(dsn)
    row: Any = await connection.fetchrow(
        "SELECT count(*) FILTER (WHERE state = 'claimed') AS claimed, count(*) FILTER (WHERE version > 2) AS twice "
        "FROM work_items"
    )
    astray = await connection.fetchval(ASTRAY)
    await connection.close()
    if row["claimed"] != claimed or row["twice"] or astray:
        raise RuntimeError(f"of {claimed} claims {row['claimed']} are kept; {row['twice']} twice, {astray} astray")
