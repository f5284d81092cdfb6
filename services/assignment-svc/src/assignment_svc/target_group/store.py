"""SQL of target groups. An account is known by its project and the id that the partner gives it."""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.conditions import Conditions

_ACCOUNT = "(l.content -> 'account' ->> 'external_id') COLLATE \"C\""

# Groups come in the order of the index on (project, account): a page costs what it shows.
ACCOUNTS = f"""
SELECT a.account_id, a.name, a.contacts, r.agent_id, n.name AS agent_name, r.since
FROM (
    SELECT {_ACCOUNT} AS account_id, max(l.content -> 'account' ->> 'name') AS name, count(*) AS contacts
    FROM leads l WHERE {{}} GROUP BY {_ACCOUNT} ORDER BY {_ACCOUNT} LIMIT {{}}
) a
LEFT JOIN account_responsibles r ON r.project_id = $1 AND r.account_id = a.account_id
LEFT JOIN agents n ON n.agent_id = r.agent_id
ORDER BY a.account_id
"""

ACCOUNTS_OF = f"""
SELECT l.lead_id, {_ACCOUNT} AS account_id FROM leads l WHERE l.project_id = $1 AND l.lead_id = ANY($2::text[])
"""

PUT_UNDER = """
INSERT INTO account_responsibles AS r (project_id, account_id, agent_id, actor)
SELECT DISTINCT $1, account_id, $3, $4 FROM unnest($2::text[]) AS account_id ORDER BY account_id
ON CONFLICT (project_id, account_id) DO UPDATE SET agent_id = excluded.agent_id, actor = excluded.actor, since = now()
    WHERE r.agent_id <> excluded.agent_id
"""

REASSIGN = """
UPDATE account_responsibles SET agent_id = $3, actor = $4, since = now() WHERE project_id = $1 AND agent_id = $2
"""

UNASSIGN = "DELETE FROM account_responsibles WHERE project_id = $1 AND ($2::text IS NULL OR agent_id = $2)"

KEPT_FOR_OTHERS = f"""
SELECT l.lead_id FROM leads l JOIN account_responsibles r ON r.project_id = l.project_id AND r.account_id = {_ACCOUNT}
WHERE l.lead_id = ANY($1::text[]) AND r.agent_id <> $2
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`responsible`: only accounts of that agent; `nobodys`: only those that nobody has."""

    responsible: str | None
    nobodys: bool
    past: str | None
    limit: int


async def list_accounts(work: UnitOfWork, project_id: str, wanted: Wanted) -> list[Record]:
    where = Conditions()
    where.add("l.project_id = ?", project_id)
    where.add(f"{_ACCOUNT} IS NOT NULL")
    where.add_given(f"{_ACCOUNT} > ?", wanted.past)
    taken = f"SELECT FROM account_responsibles t WHERE t.project_id = l.project_id AND t.account_id = {_ACCOUNT}"
    where.add_given(f"EXISTS ({taken} AND t.agent_id = ?)", wanted.responsible)
    if wanted.nobodys:
        where.add(f"NOT EXISTS ({taken})")
    return await work.fetch(ACCOUNTS.format(where.sql, where.value(wanted.limit)), *where.args)


async def find_accounts(work: UnitOfWork, project_id: str, lead_ids: Sequence[str]) -> dict[str, str | None]:
    """Per lead of the project its account, None where it has none."""
    rows = await work.fetch(ACCOUNTS_OF, project_id, lead_ids)
    return {row["lead_id"]: row["account_id"] for row in rows}


async def put_under(work: UnitOfWork, project_id: str, account_ids: Sequence[str], agent_id: str, actor: str) -> int:
    """How many accounts changed hands."""
    return _count(await work.execute(PUT_UNDER, project_id, account_ids, agent_id, actor))


async def reassign(work: UnitOfWork, project_id: str, agents: tuple[str, str], actor: str) -> int:
    """`agents`: whose they were, and whose they are."""
    return _count(await work.execute(REASSIGN, project_id, *agents, actor))


async def unassign(work: UnitOfWork, project_id: str, agent_id: str | None) -> int:
    return _count(await work.execute(UNASSIGN, project_id, agent_id))


async def kept_for_others(work: UnitOfWork, lead_ids: Sequence[str], agent_id: str) -> set[str]:
    """Leads that somebody else than the agent is responsible for."""
    return {row["lead_id"] for row in await work.fetch(KEPT_FOR_OTHERS, lead_ids, agent_id)}


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[1])
