"""What of a campaign concerns the partners that feed it: pure rules."""

from collections.abc import Callable
from typing import Any

from contracts.events.sponsor import ProjectContent

# Names in words, as they stand in the mail.
_RULES: dict[str, Callable[[ProjectContent], str]] = {
    "name": lambda p: p.name,
    "state": lambda p: p.state,
    "region": lambda p: p.region,
    "call-centre validation": lambda p: "yes" if p.call_centre_validation else "no",
    "required fields": lambda p: ", ".join(sorted(p.intake.required_fields)) or "none",
    "consent not older than": lambda p: _days(p.intake.consent_max_age_days),
    "duplicates by": lambda p: p.duplicates.fields,
    "duplicates within": lambda p: p.duplicates.scope,
    "duplicates for": lambda p: "not looked for" if p.duplicates.window_days == 0 else _days(p.duplicates.window_days),
    "duplicates are": lambda p: p.duplicates.action,
}


def told_of(project: ProjectContent) -> dict[str, str]:
    facts = {what: str(rule(project)) for what, rule in _RULES.items()}
    return facts | {f"check {name}": level for name, level in sorted(project.checks.items())}


def changes_between(was: dict[str, Any], now: dict[str, str]) -> list[dict[str, str]]:
    """`{what, was, now}` of each difference; what is not there is the default."""
    keys = [*now, *(key for key in was if key not in now)]
    return [
        {"what": key, "was": str(was.get(key, "default")), "now": now.get(key, "default")}
        for key in keys
        if was.get(key) != now.get(key)
    ]


def _days(days: int | None) -> str:
    return "no limit" if days is None else f"{days} days"
