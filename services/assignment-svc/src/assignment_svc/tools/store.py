"""SQL of opportunity tools and opportunities."""

from collections.abc import Mapping
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.conditions import Conditions

_COLUMNS = "tool_id, project_id, version, name, description, module, fields, active"

LIST = f"SELECT {_COLUMNS} FROM campaign_tools WHERE project_id = $1 AND (active OR NOT $2) ORDER BY tool_id"

FIND = f"SELECT {_COLUMNS} FROM campaign_tools WHERE project_id = $1 AND tool_id = $2"

INSERT = f"""
INSERT INTO campaign_tools (tool_id, project_id, name, description, module, fields) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING {_COLUMNS}
"""

CHANGE = f"""
UPDATE campaign_tools SET version = version + 1, name = $3, description = $4, module = $5, fields = $6, active = $7
WHERE tool_id = $1 AND version = $2 RETURNING {_COLUMNS}
"""

# A used one stays, for what was made with it.
REMOVE = f"""
WITH used AS (SELECT EXISTS (SELECT FROM opportunities WHERE tool_id = $1) AS so), gone AS (
    DELETE FROM campaign_tools WHERE tool_id = $1 AND NOT (SELECT so FROM used)
)
UPDATE campaign_tools SET active = false, version = version + 1
WHERE tool_id = $1 AND (SELECT so FROM used) RETURNING {_COLUMNS}
"""

CONTACT = """
SELECT first_name, last_name, phone, email, content FROM leads WHERE lead_id = $1
"""

INSERT_OPPORTUNITY = """
INSERT INTO opportunities (opportunity_id, lead_id, tool_id, tool, module, agent_id, contact, account, fields)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

OPPORTUNITIES = """
SELECT o.opportunity_id, o.lead_id, l.project_id, o.tool_id, o.tool, o.module, o.agent_id, o.at, o.contact, o.account,
    o.fields
FROM opportunities o JOIN work_items w USING (lead_id) JOIN leads l USING (lead_id)
WHERE {} ORDER BY o.opportunity_id DESC LIMIT {}
"""


async def list_tools(work: UnitOfWork, project_id: str, *, active_only: bool) -> list[Record]:
    return await work.fetch(LIST, project_id, active_only)


async def find_tool(work: UnitOfWork, project_id: str, tool_id: str) -> Record | None:
    return await work.fetchrow(FIND, project_id, tool_id)


async def insert_tool(work: UnitOfWork, ids: tuple[str, str], tool: Mapping[str, Any]) -> Record:
    """`ids`: tool and project."""
    row = await work.fetchrow(INSERT, *ids, *_values(tool))
    assert row is not None  # noqa: S101 -- an insert returns its row
    return row


async def change_tool(work: UnitOfWork, found: Record, tool: Mapping[str, Any]) -> Record | None:
    """None when it is no longer as it was found."""
    return await work.fetchrow(CHANGE, found["tool_id"], found["version"], *_values(tool), tool["active"])


async def remove_tool(work: UnitOfWork, tool_id: str) -> Record | None:
    """What stays of it when it was used."""
    return await work.fetchrow(REMOVE, tool_id)


async def read_contact(work: UnitOfWork, lead_id: str) -> Record | None:
    return await work.fetchrow(CONTACT, lead_id)


async def insert_opportunity(work: UnitOfWork, *values: Any) -> None:
    """Opportunity, lead, tool, its name, module, agent, contact, account, fields."""
    await work.execute(INSERT_OPPORTUNITY, *values)


async def list_opportunities(work: UnitOfWork, where: Conditions, limit: int) -> list[Record]:
    """Newest first."""
    return await work.fetch(OPPORTUNITIES.format(where.sql, where.value(limit)), *where.args)


def _values(tool: Mapping[str, Any]) -> tuple[Any, ...]:
    return tool["name"], tool["description"], tool["module"], tool["fields"]
