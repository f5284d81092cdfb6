"""SQL of the recount: what each service's own tables say, and what the statistics say.

Every row is `(sponsor, project, list, partner, agent, metric, kind, label, n)`: a metric's row has no kind. Test leads
count nowhere.
"""

from typing import Any

import asyncpg
from sponsor_svc.statistics.counting import MAX_LABEL_LENGTH, METRICS

# Counted in a column of its own.
_STANDS_IN = "l.status = 'accepted' AND l.content ->> 'replacement_for' IS NOT NULL"
# What intake decided about a lead, one after another: of a lead that was decided once its row says it, of the others
# the timeline, which an erasure takes: then the first and the last. An entry that says what was said before is no new
# decision.
INTAKE = f"""
WITH said AS (
    SELECT id AS lead_id, status, reason, 1 AS nr, NULL AS former FROM leads WHERE first_status IS NULL AND NOT test
    UNION ALL
    SELECT t.lead_id, split_part(t.event, '.', 3), t.data ->> 'reason', row_number() OVER w, lag(t.event) OVER w
    FROM timeline AS t JOIN leads AS l ON l.id = t.lead_id AND l.first_status IS NOT NULL AND NOT l.test
    WHERE t.event IN ('intake.lead.accepted.v1', 'intake.lead.rejected.v1', 'intake.lead.quarantined.v1')
    WINDOW w AS (PARTITION BY t.lead_id ORDER BY t.at)
    UNION ALL
    SELECT l.id, d.status, d.reason, d.nr, d.former
    FROM leads AS l JOIN erased_leads AS e ON e.lead_id = l.id CROSS JOIN LATERAL (VALUES
        (l.first_status, l.first_reason, 1, NULL), (l.status, l.reason, 2, 'intake.lead.' || l.first_status)
    ) AS d (status, reason, nr, former) WHERE l.first_status IS NOT NULL AND NOT l.test
), decided AS (
    SELECT * FROM said WHERE former IS NULL OR split_part(former, '.', 3) <> status
), counted (lead_id, metric, kind, label) AS (
    SELECT d.lead_id, 'received', NULL, NULL FROM decided AS d JOIN leads AS l ON l.id = d.lead_id
    WHERE d.nr = 1 AND NOT ({_STANDS_IN})
    UNION ALL SELECT lead_id, status, NULL, NULL FROM decided WHERE status IN ('rejected', 'quarantined')
    UNION ALL
    SELECT lead_id, NULL, 'rejected', left(coalesce(reason, ''), {MAX_LABEL_LENGTH}) FROM decided
    WHERE status = 'rejected'
    UNION ALL SELECT id, 'held', NULL, NULL FROM leads WHERE held AND status = 'accepted' AND NOT test
    UNION ALL SELECT lead_id, 'returned', NULL, NULL FROM returns WHERE kind = 'purchase' AND state = 'accepted'
    UNION ALL
    SELECT r.original_id, 'replaced', NULL, NULL
    FROM replacements AS r JOIN leads AS l ON l.id = r.replacement_id AND l.status = 'accepted'
)
SELECT l.sponsor_id, l.project_id, l.contact_list_id, l.partner_id, NULL AS agent_id, c.metric, c.kind, c.label,
    count(*) AS n
FROM counted AS c JOIN leads AS l ON l.id = c.lead_id AND NOT l.test GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""

ERASED_DECIDED = """
SELECT DISTINCT l.sponsor_id, l.project_id, l.contact_list_id, l.partner_id, NULL AS agent_id
FROM leads AS l JOIN erased_leads AS e ON e.lead_id = l.id WHERE l.first_status IS NOT NULL
"""

# Of leads that were accepted when they came, as their orders were then: the first revision says what was before it.
RECEIVED_PRODUCTS = f"""
SELECT l.sponsor_id, (coalesce(r.before -> 'content', l.content) #> '{{order,items}}')::text AS items, count(*) AS n
FROM leads AS l LEFT JOIN LATERAL (
    SELECT r.before FROM lead_revisions AS r WHERE r.lead_id = l.id AND r.before ? 'content' ORDER BY r.version LIMIT 1
) AS r ON true
WHERE l.status = 'accepted' AND l.first_status IS NULL AND NOT l.test
    AND coalesce(r.before -> 'content', l.content) #> '{{order,items}}' IS NOT NULL
    AND NOT ({_STANDS_IN})
GROUP BY 1, 2
"""

VALIDATION = """
SELECT sponsor_id, project_id, contact_list_id, partner_id, NULL AS agent_id,
    CASE state WHEN 'confirmed' THEN 'confirmed' ELSE 'validation_rejected' END AS metric, NULL AS kind, NULL AS label,
    count(*) AS n
FROM cases WHERE state IN ('confirmed', 'rejected') GROUP BY 1, 2, 3, 4, 5, 6
"""

# An outcome counts while no reopening came after it.
_OUTCOMES = """
WITH outcomes AS (
    SELECT h.lead_id, h.event, h.agent_id, h.data FROM history AS h
    WHERE h.event IN ('resolved', 'converted', 'invalidated') AND NOT EXISTS (
        SELECT FROM history AS r WHERE r.lead_id = h.lead_id AND r.event = 'reopened' AND r.version > h.version)
)
"""
ASSIGNMENT = f"""
{_OUTCOMES}, counted (lead_id, agent_id, metric, kind, label, n) AS (
    SELECT lead_id, NULL, 'queued', NULL, NULL, 1 FROM history WHERE event = 'queued'
    UNION ALL
    SELECT lead_id, agent_id, 'claimed', NULL, NULL, 1 FROM history WHERE event IN ('claimed', 'assigned')
    UNION ALL SELECT lead_id, agent_id, 'attempts', NULL, NULL, 1 FROM attempts
    UNION ALL SELECT lead_id, agent_id, 'contacted', NULL, NULL, 1 FROM attempts WHERE contacted
    UNION ALL
    SELECT lead_id, agent_id, CASE event WHEN 'invalidated' THEN 'invalid' ELSE event END, NULL, NULL, 1 FROM outcomes
    UNION ALL
    SELECT lead_id, agent_id, NULL, 'resolved', left(data ->> 'disposition', {MAX_LABEL_LENGTH}), 1 FROM outcomes
    WHERE event = 'resolved' AND data ? 'disposition'
    UNION ALL
    SELECT o.lead_id, o.agent_id, NULL, 'value', d.total ->> 'currency', (d.total ->> 'amount_minor')::bigint
    FROM outcomes AS o JOIN orders AS d ON d.order_id = o.data ->> 'order_id' WHERE o.event = 'converted'
        AND d.total ->> 'currency' IS NOT NULL
)
SELECT l.sponsor_id, l.project_id, l.contact_list_id, l.partner_id, c.agent_id, c.metric, c.kind, c.label,
    sum(c.n)::bigint AS n
FROM counted AS c JOIN leads AS l USING (lead_id) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""

SOLD_PRODUCTS = f"""
{_OUTCOMES}
SELECT l.sponsor_id, d.items::text AS items, count(*) AS n
FROM outcomes AS o JOIN orders AS d ON d.order_id = o.data ->> 'order_id' JOIN leads AS l ON l.lead_id = o.lead_id
WHERE o.event = 'converted' AND d.items IS NOT NULL GROUP BY 1, 2
"""

# Whose content is gone: neither decisions of validation, dispositions nor order values of these can be counted again.
ERASED = """
SELECT DISTINCT l.sponsor_id, l.project_id, l.contact_list_id, l.partner_id, h.agent_id
FROM lead_facts AS f JOIN leads AS l USING (lead_id) LEFT JOIN history AS h USING (lead_id) WHERE f.fact = 'erasure'
"""

FIRST_CALLS = """
SELECT l.sponsor_id, l.project_id, l.contact_list_id, l.partner_id, a.agent_id,
    extract(epoch FROM a.started_at - l.received_at)::float8 AS seconds
FROM attempts AS a JOIN leads AS l USING (lead_id) WHERE a.number = 1
"""

COUNTERS = f"""
SELECT dimension, entity_id, sponsor_id, {", ".join(f"sum({metric})::bigint AS {metric}" for metric in METRICS)}
FROM counters WHERE grain = $1 GROUP BY 1, 2, 3
"""
BREAKDOWNS = """
SELECT dimension, entity_id, sponsor_id, kind, label, sum(n)::bigint AS n
FROM breakdowns WHERE grain = $1 GROUP BY 1, 2, 3, 4, 5
"""


async def fetch(address: str, *statements: tuple[str, tuple[Any, ...]]) -> list[list[asyncpg.Record]]:
    """All from one moment of the database."""
    connection = await asyncpg.connect(address)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return [await connection.fetch(statement, *values) for statement, values in statements]
    finally:
        await connection.close()
