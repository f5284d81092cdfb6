"""Whether, and what, a repeated push may change (I2.16): pure."""

from collections.abc import Mapping
from typing import Any

# A partial order may grow while an agent works the lead.
_OPEN = frozenset({"accepted", "held", "pending", "queued", "claimed", "callback"})


def may_change(public_status: str) -> bool:
    return public_status in _OPEN


def public_status(status: str, work_state: str | None, own_state: str | None = None) -> str:
    """The status that is shown: intake's own until the lead is accepted, then that of the work item.

    `own_state` goes before both: returned, sold and erased leads are so at once, whatever the work item says yet.
    """
    return own_state or (status if status != "accepted" else work_state or status)


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in after if before.get(name) != after[name]]
