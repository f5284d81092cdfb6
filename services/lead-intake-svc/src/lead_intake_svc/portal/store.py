"""SQL of a partner's figures."""

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

# By when the lead came in; ids are sorted by time, so the index of the partner's leads gives exactly those wanted, and
# has all that is asked of them: the table itself is not read.
FIGURES = """
SELECT date_trunc($4, l.received_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS at,
    count(*) AS received,
    count(*) FILTER (WHERE l.status = 'accepted') AS accepted,
    count(*) FILTER (WHERE l.status = 'rejected') AS rejected,
    count(*) FILTER (WHERE l.status = 'quarantined') AS quarantined,
    count(*) FILTER (WHERE p.work_state = 'converted') AS converted,
    count(*) FILTER (WHERE r.state IN ('requested', 'disputed', 'lapsed')) AS returns_open,
    count(*) FILTER (WHERE r.state = 'accepted') AS returned,
    count(*) FILTER (WHERE s.original_id IS NOT NULL AND l.status = 'accepted') AS replacements,
    count(*) FILTER (WHERE l.status = 'accepted' AND l.billable AND coalesce(p.billable, true)
        AND r.state IS DISTINCT FROM 'accepted') AS billable
FROM leads AS l
LEFT JOIN lead_progress AS p ON p.lead_id = l.id
LEFT JOIN returns AS r ON r.lead_id = l.id AND r.kind = 'purchase'
    AND r.state IN ('requested', 'disputed', 'lapsed', 'accepted')
LEFT JOIN replacements AS s ON s.replacement_id = l.id
WHERE l.partner_id = $1 AND l.id >= $2 AND l.id < $3 AND NOT l.test
    AND ($5::text IS NULL OR l.project_id = $5)
GROUP BY 1 ORDER BY 1
"""
REASONS = """
SELECT reason, count(*) AS n FROM leads AS l
WHERE l.partner_id = $1 AND l.id >= $2 AND l.id < $3 AND NOT l.test AND l.status = 'rejected'
    AND ($4::text IS NULL OR l.project_id = $4)
GROUP BY 1
"""


async def figures(
    work: UnitOfWork, partner_id: str, span: tuple[str, str], by: str, project_id: str | None
) -> list[Record]:
    """`span`: the lowest ids inside and after it; `by` is day, week or month."""
    return await work.fetch(FIGURES, partner_id, *span, by, project_id)


async def reasons(work: UnitOfWork, partner_id: str, span: tuple[str, str], project_id: str | None) -> dict[str, int]:
    return {row["reason"]: row["n"] for row in await work.fetch(REASONS, partner_id, *span, project_id)}
