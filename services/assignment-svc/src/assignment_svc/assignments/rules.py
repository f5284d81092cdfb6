"""Which lead may be given to an agent (A1.5, A1.9). Pure."""

from dataclasses import dataclass
from typing import Final

from assignment_svc.work_items.item import CLAIMED, WAITING, WorkItem


@dataclass(frozen=True, slots=True)
class Refusal:
    """`conflict`: the lead's state forbids it; else the order does."""

    code: str
    detail: str
    conflict: bool = True


TAKEN: Final = Refusal("already-assigned", "Somebody has this lead already.")
NOT_WAITING: Final = Refusal("lead-not-waiting", "The lead is neither pending nor in the queue.")
NOT_PARTIAL: Final = Refusal(
    "order-not-partial", "Only a lead whose newest order is partial can be assigned.", conflict=False
)
NOT_RESPONSIBLE: Final = Refusal(
    "agent-not-responsible", "Another agent is responsible for the lead's account.", conflict=False
)


def why_not(item: WorkItem, order_status: str | None, *, any_order: bool) -> Refusal | None:
    """`order_status` is the newest order's, None without one; `any_order` is the agent's option (A1.9)."""
    if item.state == CLAIMED:
        return TAKEN
    if item.state not in WAITING:
        return NOT_WAITING
    if order_status != "partial" and not any_order:
        return NOT_PARTIAL
    return None
