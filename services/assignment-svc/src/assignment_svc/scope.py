"""Who may see which work items: one rule for lists, reads, history and actions."""

from dataclasses import dataclass

from servicekit.identity import Identity
from servicekit.problems import forbidden, not_found

from assignment_svc.work_items.item import PENDING, WorkItem

READ_PENDING = "leads.pending.read"
REQUEST = "queue.request"


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


def require_supervisor(caller: Identity) -> None:
    caller.require("admin", "supervisor")


def require_staff(caller: Identity) -> None:
    scope_of(caller)
