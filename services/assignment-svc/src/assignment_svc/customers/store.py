"""SQL of Customer Search. Each way to find a lead has an index of its own."""

from typing import Final

from messaging.unit_of_work import UnitOfWork

from assignment_svc.conditions import Conditions
from assignment_svc.customers.rules import Sought

_BY_REFERENCE: Final = """
SELECT lead_id FROM leads WHERE external_id COLLATE "C" = ?
UNION SELECT lead_id FROM orders WHERE number COLLATE "C" = ?
"""
_LAST, _FIRST = 'lower(last_name) COLLATE "C" LIKE ?', 'lower(first_name) COLLATE "C" LIKE ?'
_BY_NAME: Final = f"""
SELECT lead_id FROM leads WHERE {_LAST} UNION SELECT lead_id FROM leads WHERE {_FIRST}
"""
_BY_NAMES: Final = f"""
SELECT lead_id FROM leads WHERE {_LAST} AND {_FIRST} UNION SELECT lead_id FROM leads WHERE {_LAST} AND {_FIRST}
"""

FIND: Final = """
SELECT w.lead_id FROM work_items w JOIN leads l USING (lead_id) LEFT JOIN orders o USING (order_id)
WHERE {} ORDER BY w.lead_id DESC LIMIT {}
"""


async def find_leads(work: UnitOfWork, where: Conditions, limit: int) -> list[str]:
    """Ids, newest first."""
    rows = await work.fetch(FIND.format(where.sql, where.value(limit)), *where.args)
    return [row["lead_id"] for row in rows]


def add_search(where: Conditions, sought: Sought) -> None:
    ways, values = [_BY_REFERENCE], [sought.exact, sought.exact]
    if sought.email is not None:
        ways.append("SELECT lead_id FROM leads WHERE email LIKE ?")
        values.append(sought.email)
    if sought.phone is not None:
        ways.append("SELECT lead_id FROM leads WHERE phone LIKE ?")
        values.append(sought.phone)
    if sought.phone_end is not None:
        ways.append('SELECT lead_id FROM leads WHERE reverse(phone) COLLATE "C" LIKE ?')
        values.append(sought.phone_end)
    if len(sought.names) == 1:
        ways.append(_BY_NAME)
        values += [*sought.names, *sought.names]
    elif sought.names:
        ways.append(_BY_NAMES)
        values += [*sought.names, *reversed(sought.names)]
    where.add(f"w.lead_id IN ({' UNION '.join(ways)})", *values)
