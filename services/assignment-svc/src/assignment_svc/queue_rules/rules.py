"""Which word holds where several have one. Pure."""

from collections.abc import Mapping
from typing import Any, Final

Said = Mapping[str, Any]

# What holds where nobody says anything. None: without end, no target, no window.
BUILT_IN: Final[Said] = {
    "cool_down_minutes": 60,
    "max_attempts": 3,
    "max_age_hours": None,
    "order": "newest",
    "use_partner_priority": True,
    "status_after_request": "leave_assigned",
    "lock_minutes": 15,
    "available_from": None,
    "available_until": None,
    "callback_public_after_minutes": 60,
    "speed_target_minutes": None,
    "speed_warning_minutes": 1,
}


def resolve(*levels: Said) -> dict[str, Any]:
    """`levels`: what the centre says, then the project, then the campaign; the last one that has a word has its way.

    A rule that is missing from a level is left to the ones before. None is a word, too: none at all.
    """
    held = dict(BUILT_IN)
    for level in levels:
        held.update({name: level[name] for name in BUILT_IN if name in level})
    target = held["speed_target_minutes"]
    if target is not None:
        held["speed_warning_minutes"] = min(held["speed_warning_minutes"], target - 1)
    return held
