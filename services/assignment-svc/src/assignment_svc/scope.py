"""Who may see which leads: one rule for lists, reads, reports, links, exports, history and actions.

`sight_of` says what somebody may read (A1.8 to A1.10), `scope_of` whose leads somebody may work on.
"""

from dataclasses import dataclass

from messaging.unit_of_work import UnitOfWork
from servicekit.identity import Identity
from servicekit.problems import forbidden, not_found

from assignment_svc.agent_options.store import Sight, is_seen, read_options
from assignment_svc.work_items.item import CLOSED_BY_AGENT, PENDING, WorkItem

READ_PENDING = "leads.pending.read"
REQUEST = "queue.request"
CUSTOMER_SERVICE = "customer_service"
ORDER_DETAILS = "reports.order_details"
ORDER_ENTRY = "order_entry"


@dataclass(frozen=True, slots=True)
class Scope:
    """`agent_id`: only that agent's leads, and pending ones where `pending`. None: all."""

    agent_id: str | None
    pending: bool

    @property
    def states(self) -> list[str]:
        """States in which leads of others are seen."""
        return [PENDING] if self.pending else []

    def sees(self, item: WorkItem) -> bool:
        return self.agent_id is None or item.agent_id == self.agent_id or item.state in self.states


def scope_of(caller: Identity) -> Scope:
    """Raises 403 for those who have nothing to do with the queue."""
    if caller.is_supervisor:
        return Scope(None, pending=True)
    if caller.access_level == "leads_agent":
        return Scope(caller.user_id, pending=READ_PENDING in caller.permissions)
    raise forbidden()


def visible(caller: Identity, item: WorkItem | None) -> WorkItem:
    """The item; raises 404 for one that is not there, or not for the caller, alike."""
    scope = scope_of(caller)
    if item is None or not scope.sees(item):
        raise not_found()
    return item


async def sight_of(work: UnitOfWork, caller: Identity) -> Sight:
    """Raises 403 for those who have nothing to do with the queue."""
    scope = scope_of(caller)
    if scope.agent_id is None:
        return Sight(None)
    return Sight(scope.agent_id, scope.pending, await read_options(work, scope.agent_id))


async def require_readable(work: UnitOfWork, caller: Identity, item: WorkItem | None) -> WorkItem:
    """Raises 404 for a lead that is not there, or not for the caller, alike, and 403 for an own one that was closed."""
    sight = await sight_of(work, caller)
    if item is None:
        raise not_found()
    if sight.agent_id is None or await is_seen(work, sight, item.lead_id):
        return item
    if item.agent_id == sight.agent_id and item.state in CLOSED_BY_AGENT:
        raise forbidden("lead-not-visible", "This lead was closed a while ago. Go back to Customer Search.")
    raise not_found()


def require_supervisor(caller: Identity) -> None:
    caller.require("admin", "supervisor")


def require_staff(caller: Identity) -> None:
    scope_of(caller)


def require_grant(caller: Identity, grant: str) -> None:
    """A1.1: what admins grant a leads agent, or take away; supervisors need no grant. Raises 403."""
    require_staff(caller)
    if not caller.is_supervisor and grant not in caller.permissions:
        raise forbidden("not-granted", "This was not granted to you. An admin can.")
