"""A project's own hours, and what is left of them where a lead lives. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from assignment_svc.queue.statutory import statutory_week
from assignment_svc.queue.windows import Week, same_every_day

_ALL_DAYS: Final = (1, 2, 3, 4, 5, 6, 7)
ALL_WEEK: Final = same_every_day("00:00", "24:00")


@dataclass(frozen=True, slots=True)
class CallingRule:
    """`mode` is `statutory`, `custom` or `always`; `opens`, `closes` and `days` narrow the statutory hours.

    `available`: from when until when the campaign's leads are given out at all (A2.6), in their own time.
    """

    mode: str
    opens: str | None = None
    closes: str | None = None
    days: tuple[int, ...] | None = None
    available: tuple[str | None, str | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of where a number is: the country and region whose rules hold, and every zone it may be in.

    `hours`: those of the lead's partner as `hours_text` writes them; empty where it has none of its own.
    """

    country: str
    region: str
    zones: tuple[str, ...]
    hours: str = ""


def rule_of(row: Any) -> CallingRule:
    """From a row with the columns of a project."""
    days = row["calling_days"]
    return CallingRule(
        row["calling_mode"],
        row["calling_from"],
        row["calling_until"],
        tuple(days) if days else None,
        (row["available_from"], row["available_until"]),
    )


def hours_text(opens: str | None, closes: str | None, days: Sequence[int] | None) -> str:
    """A window as one word that two partners with the same hours share; empty for one that excludes nothing."""
    if opens is None and closes is None and not days:
        return ""
    return f"{opens or '00:00'}-{closes or '24:00'}/{''.join(str(day) for day in sorted(set(days or _ALL_DAYS)))}"


def always_callable(rule: CallingRule, place: Place | None = None) -> bool:
    """True for projects that an admin took out of the rules: zones do not matter then, unless a window is left."""
    return rule.mode == "always" and rule.available == (None, None) and (place is None or not place.hours)


def calling_week(rule: CallingRule, place: Place) -> Week:
    """Statutory, project and partner hours together; an unknown mode counts as `statutory`."""
    week = ALL_WEEK if rule.mode == "always" else statutory_week(place.country, place.region)
    if rule.mode == "custom":
        days: Sequence[int] = rule.days or _ALL_DAYS
        week = week.intersection(same_every_day(rule.opens or "00:00", rule.closes or "24:00", days))
    if rule.available != (None, None):
        week = week.intersection(same_every_day(rule.available[0] or "00:00", rule.available[1] or "24:00"))
    return week.intersection(_partner_week(place.hours)) if place.hours else week


def _partner_week(hours: str) -> Week:
    clock, _, days = hours.partition("/")
    opens, _, closes = clock.partition("-")
    return same_every_day(opens, closes, [int(day) for day in days])
