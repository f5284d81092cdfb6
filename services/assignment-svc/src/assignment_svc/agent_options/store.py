"""SQL of agents' options, and of the one rule that says which leads an agent sees."""

from dataclasses import dataclass, fields
from typing import Final

from messaging.unit_of_work import UnitOfWork

from assignment_svc.conditions import Conditions

DEFAULT_VISIBILITY_SECONDS: Final = 3600

READ = """
SELECT version, view_non_partial_orders, restrict_to_assigned, resolved_visibility_seconds
FROM agent_options WHERE agent_id = $1
"""

WRITE = """
INSERT INTO agent_options AS o (agent_id, version, view_non_partial_orders, restrict_to_assigned,
    resolved_visibility_seconds)
VALUES ($1, $2 + 1, $3, $4, $5)
ON CONFLICT (agent_id) DO UPDATE SET version = o.version + 1,
    view_non_partial_orders = excluded.view_non_partial_orders, restrict_to_assigned = excluded.restrict_to_assigned,
    resolved_visibility_seconds = excluded.resolved_visibility_seconds
    WHERE o.version = $2
RETURNING version, view_non_partial_orders, restrict_to_assigned, resolved_visibility_seconds
"""

# Aliases: w work_items, l leads. The clock is the database's (A1.10).
_OPEN_OR_FRESH = """
w.state NOT IN ('resolved', 'converted', 'invalid')
OR coalesce(w.closed_at, w.changed_at) > now() - make_interval(secs => ?)
"""

_OF_THEIR_CAMPAIGNS = """
w.state NOT IN ('held', 'pending')
AND EXISTS (SELECT FROM campaign_agents t WHERE t.agent_id = ? AND t.project_id = l.project_id)
"""

SEEN = "SELECT EXISTS (SELECT FROM work_items w JOIN leads l USING (lead_id) WHERE {})"


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """`version` 0: nobody changed the defaults. An agent who is restricted sees own leads only (A1.10)."""

    version: int = 0
    view_non_partial_orders: bool = False
    restrict_to_assigned: bool = True
    resolved_visibility_seconds: int = DEFAULT_VISIBILITY_SECONDS


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose leads, and which of them, somebody may see. `agent_id` None: all."""

    agent_id: str | None
    pending: bool = True
    options: AgentOptions = AgentOptions(view_non_partial_orders=True, restrict_to_assigned=False)

    def narrow(self, where: Conditions) -> None:
        """Leaves only leads that may be seen, in a statement over `work_items w` and `leads l`."""
        if self.agent_id is None:
            return
        where.add(" OR ".join(f"({way})" for way in self._ways(where)))

    def narrow_orders(self, where: Conditions) -> None:
        """A1.8: in reports, partial orders only, unless A1.9 says otherwise; `o` is `orders`."""
        if not self.options.view_non_partial_orders:
            where.add("o.status = 'partial'")

    def _ways(self, where: Conditions) -> list[str]:
        agent_id = where.value(self.agent_id)
        own = f"w.agent_id = {agent_id}"
        if not self.options.restrict_to_assigned:
            ways = [own, _OF_THEIR_CAMPAIGNS.replace("?", agent_id)]
        else:
            seconds = where.value(float(self.options.resolved_visibility_seconds))
            ways = [f"{own} AND ({_OPEN_OR_FRESH.replace('?', seconds)})"]
        return [*ways, "w.state = 'pending'"] if self.pending else ways


async def read_options(work: UnitOfWork, agent_id: str) -> AgentOptions:
    row = await work.fetchrow(READ, agent_id)
    return AgentOptions() if row is None else AgentOptions(*row)


async def write_options(work: UnitOfWork, agent_id: str, options: AgentOptions) -> AgentOptions | None:
    """None when `options.version` is no longer the newest."""
    values = [getattr(options, field.name) for field in fields(options)]
    row = await work.fetchrow(WRITE, agent_id, *values)
    return None if row is None else AgentOptions(*row)


async def is_seen(work: UnitOfWork, sight: Sight, lead_id: str) -> bool:
    where = Conditions()
    where.add("w.lead_id = ?", lead_id)
    sight.narrow(where)
    return bool(await work.fetchval(SEEN.format(where.sql), *where.args))
