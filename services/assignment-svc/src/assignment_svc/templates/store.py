"""SQL of activated templates."""

from collections.abc import Sequence
from typing import Any

from messaging.unit_of_work import UnitOfWork

from assignment_svc.leads.store import SUPPRESSION_APPLIES

DEACTIVATE = "DELETE FROM campaign_templates WHERE project_id = $1 AND kind = $2 AND template_id <> ALL($3::text[])"

ACTIVATE = """
INSERT INTO campaign_templates (project_id, kind, template_id)
SELECT $1, $2, template_id FROM unnest($3::text[]) AS template_id ON CONFLICT DO NOTHING
"""

IS_ACTIVATED = """
SELECT EXISTS (SELECT FROM campaign_templates WHERE project_id = $1 AND kind = $2 AND template_id = $3)
"""

USES = "SELECT project_id FROM campaign_templates WHERE kind = $1 AND template_id = $2 ORDER BY project_id LIMIT 20"

SENDER = f"""
SELECT l.first_name, l.last_name, l.email, p.name AS campaign, a.name AS agent_name, EXISTS (
    SELECT FROM suppressions s
    WHERE s.identity IN ('email:' || l.email, 'domain:' || l.email_domain) AND {SUPPRESSION_APPLIES}
) AS suppressed
FROM leads l LEFT JOIN projects p USING (project_id) LEFT JOIN agents a ON a.agent_id = $2 WHERE l.lead_id = $1
"""


async def replace_activated(work: UnitOfWork, project_id: str, kind: str, template_ids: Sequence[str]) -> None:
    await work.execute(DEACTIVATE, project_id, kind, template_ids)
    await work.execute(ACTIVATE, project_id, kind, template_ids)


async def is_activated(work: UnitOfWork, project_id: str, kind: str, template_id: str) -> bool:
    return bool(await work.fetchval(IS_ACTIVATED, project_id, kind, template_id))


async def find_uses(work: UnitOfWork, kind: str, template_id: str) -> list[str]:
    """Campaigns that it is activated for, twenty at most."""
    return [row["project_id"] for row in await work.fetch(USES, kind, template_id)]


async def read_letter(work: UnitOfWork, lead_id: str, agent_id: str) -> dict[str, Any]:
    """What a template may say of the lead, the campaign and the agent; and whether its address is `suppressed`."""
    row = await work.fetchrow(SENDER, lead_id, agent_id)
    return dict(row) if row is not None else {}
