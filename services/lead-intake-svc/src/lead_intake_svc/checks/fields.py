"""Fields that a project requires, and values that have to look as it says."""

from collections.abc import Iterator
from typing import Any

from lead_intake_svc.checks.problem import Finding
from lead_intake_svc.checks.subject import Rules, Subject


def check_required(subject: Subject, rules: Rules) -> Iterator[Finding]:
    """All that is missing is named. Nothing, an empty text and an empty list are missing; 0 and false are there."""
    level = rules.levels["required_fields"]
    for path in rules.settings.required:
        if path.value(subject.sent) in (None, "", [], {}):
            yield Finding(level, "field-missing", path.pointer, "This project needs the field.")


def check_custom(subject: Subject, rules: Rules) -> Iterator[Finding]:
    """What is not there is for the required fields to miss."""
    for rule in rules.settings.custom:
        value = rule.path.value(subject.sent)
        text = _text(value)
        if value is not None and (text is None or not rule.matches(text)):
            words = rule.detail or "The value is not as this project needs it."
            yield Finding(rule.level, f"custom-{rule.name}", rule.path.pointer, words)


def _text(value: Any) -> str | None:
    """None for what has no plain text: a list, an object."""
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case _:
            return None
