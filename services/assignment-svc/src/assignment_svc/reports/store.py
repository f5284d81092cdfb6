"""SQL of the Order Details report: newest lead first, and of each its newest order first."""

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.conditions import Conditions

# Every filter has an index that ends in the lead, so a page costs what it shows, however many leads there are.
ORDER_DETAILS = """
SELECT o.order_id, o.version, o.number, o.status, o.items, o.total, o.created_at, o.changed_at, o.lead_id,
    w.state, w.agent_id, a.name AS agent_name, l.project_id, p.name AS project_name, l.received_at,
    l.first_name, l.last_name, l.phone, l.email
FROM orders o JOIN work_items w USING (lead_id) JOIN leads l USING (lead_id)
LEFT JOIN projects p ON p.project_id = l.project_id LEFT JOIN agents a ON a.agent_id = w.agent_id
WHERE {}
ORDER BY o.lead_id DESC, o.order_id DESC LIMIT {}
"""


async def read_order_details(work: UnitOfWork, where: Conditions, limit: int) -> list[Record]:
    return await work.fetch(ORDER_DETAILS.format(where.sql, where.value(limit)), *where.args)
