"""A project's own hours, and what is left of them where a lead lives. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from assignment_svc.queue.statutory import statutory_week
from assignment_svc.queue.windows import Week, same_every_day

ALL_WEEK: Final = same_every_day("00:00", "24:00")


@dataclass(frozen=True, slots=True)
class CallingRule:
    """`mode` is `statutory`, `custom` or `always`; `from`, `until` and `days` narrow the statutory hours."""

    mode: str
    opens: str | None = None
    closes: str | None = None
    days: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of where a number is: the country and region whose rules hold, and every zone it may be in."""

    country: str
    region: str
    zones: tuple[str, ...]


def always_callable(rule: CallingRule) -> bool:
    """True for projects that an admin took out of the rules: zones do not matter then."""
    return rule.mode == "always"


def calling_week(rule: CallingRule, place: Place) -> Week:
    """Statutory and project hours together; an unknown mode counts as `statutory`."""
    if always_callable(rule):
        return ALL_WEEK
    week = statutory_week(place.country, place.region)
    if rule.mode != "custom":
        return week
    days: Sequence[int] = rule.days or (1, 2, 3, 4, 5, 6, 7)
    return week.intersection(same_every_day(rule.opens or "00:00", rule.closes or "24:00", days))
