"""SQL of target groups. An account is known by its project and the id that the partner gives it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.conditions import Conditions
from assignment_svc.timers.store import remind
from assignment_svc.work_items.store import KEPT_FOR

# A lead that was entering the queue saw the account as it was before. Nothing that enters takes so long.
_LOOK_AGAIN: Final = timedelta(seconds=3)

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

# All three in the order of accounts, so that two who do it at once wait for each other and nothing else.
PUT_UNDER = """
INSERT INTO account_responsibles AS r (project_id, account_id, agent_id, actor)
SELECT DISTINCT $1, account_id, $3, $4 FROM unnest($2::text[]) AS account_id ORDER BY account_id
ON CONFLICT (project_id, account_id) DO UPDATE SET agent_id = excluded.agent_id, actor = excluded.actor, since = now()
    WHERE r.agent_id <> excluded.agent_id
RETURNING account_id
"""

_THEIRS = """account_id IN (SELECT account_id FROM account_responsibles
    WHERE project_id = $1 AND ($2::text IS NULL OR agent_id = $2) ORDER BY account_id FOR UPDATE)"""

REASSIGN = f"""
UPDATE account_responsibles SET agent_id = $3, actor = $4, since = now() WHERE project_id = $1 AND {_THEIRS}
RETURNING account_id
"""

UNASSIGN = f"DELETE FROM account_responsibles WHERE project_id = $1 AND {_THEIRS} RETURNING account_id"

# What the queue has of it. Rows that somebody is at are passed over, so that nobody is waited for in the wrong order:
# who claims them looks at the account itself, and the reminder makes up for the rest.
SETTLE = f"""
WITH wrong AS MATERIALIZED (
    SELECT q.lead_id, {KEPT_FOR} AS kept_for
    FROM unnest($1::text[], $2::text[]) AS changed (project_id, account_id)
    JOIN leads l ON l.project_id = changed.project_id AND {_ACCOUNT} = changed.account_id
    JOIN queue q ON q.lead_id = l.lead_id
    WHERE q.reserved_for <> {KEPT_FOR}
    FOR UPDATE OF q SKIP LOCKED
)
UPDATE queue q SET reserved_for = w.kept_for FROM wrong w WHERE q.lead_id = w.lead_id
"""

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
    return await _settle_changed(work, project_id, PUT_UNDER, account_ids, agent_id, actor)


async def reassign(work: UnitOfWork, project_id: str, agents: tuple[str, str], actor: str) -> int:
    """`agents`: whose they were, and whose they are."""
    return await _settle_changed(work, project_id, REASSIGN, *agents, actor)


async def unassign(work: UnitOfWork, project_id: str, agent_id: str | None) -> int:
    return await _settle_changed(work, project_id, UNASSIGN, agent_id)


async def settle(work: UnitOfWork, accounts: Sequence[tuple[str, str]]) -> None:
    """Keeps the queued leads of the accounts, each with its project, for whoever is responsible now."""
    await work.execute(SETTLE, [project_id for project_id, _ in accounts], [account_id for _, account_id in accounts])


async def _settle_changed(work: UnitOfWork, project_id: str, statement: str, *values: Any) -> int:
    changed = [(project_id, row["account_id"]) for row in await work.fetch(statement, project_id, *values)]
    if changed:
        await settle(work, changed)
        await remind(work, "target-group", [subject_of(*account) for account in changed], _LOOK_AGAIN)
    return len(changed)


def subject_of(project_id: str, account_id: str) -> str:
    """The subject of the reminder about an account."""
    return json.dumps([project_id, account_id])


async def kept_for_others(work: UnitOfWork, lead_ids: Sequence[str], agent_id: str) -> set[str]:
    """Leads that somebody else than the agent is responsible for."""
    return {row["lead_id"] for row in await work.fetch(KEPT_FOR_OTHERS, lead_ids, agent_id)}
