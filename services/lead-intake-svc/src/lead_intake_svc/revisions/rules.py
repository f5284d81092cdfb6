"""Whether, and what, a repeated push may change (I2.16): pure."""

from collections.abc import Mapping
from typing import Any

# A partial order may grow while an agent works the lead.
_OPEN = frozenset({"accepted", "held", "pending", "queued", "claimed", "callback"})
# Somebody else has to do something first.
_LOCKED = {
    "offer_sent": "An offer was sent to the person: the lead stays as it was offered.",
    "return_hold": "The lead is being returned: it stays as it is until that is decided.",
}
Refusal = tuple[str, str]


def refusal(public_status: str) -> Refusal | None:
    """Code and reason, unless the lead may change."""
    if public_status in _OPEN:
        return None
    if public_status in _LOCKED:
        return "lead-locked", _LOCKED[public_status]
    return "lead-finished", f"The lead is {public_status}: it cannot be changed any more."


def shrinking(before: Mapping[str, Any], after: Mapping[str, Any]) -> Refusal | None:
    """A completed order is somebody's word: what comes later completes it anew, or leaves it alone."""
    order = after.get("order") or {}
    if (before.get("order") or {}).get("status") == "completed" and order.get("status") != "completed":
        return "order-completed", "The order is completed: it cannot become partial again."
    return None


def public_status(status: str, work_state: str | None, own_state: str | None = None) -> str:
    """The status that is shown: intake's own until the lead is accepted, then that of the work item.

    `own_state` goes before both: returned, sold and erased leads are so at once, whatever the work item says yet.
    """
    return own_state or (status if status != "accepted" else work_state or status)


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in after if before.get(name) != after[name]]
