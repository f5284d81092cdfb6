"""From a project's row to what intake decides by: everything that can be prepared is, once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from contracts.events.sponsor import CustomCheck, IntakeRules
from lead_intake_svc.checks.problem import OFF, QUARANTINE, REJECT, SEVERITY, WARN
from lead_intake_svc.checks.run import checklist_of
from lead_intake_svc.checks.subject import CustomRule, Settings, path_of
from lead_intake_svc.reference.facts import DuplicateRule, ProjectFacts, SuppressionFreshness
from lead_intake_svc.reference.patterns import matcher

STALE_AFTER = timedelta(days=31)
# Quarantine and not rejection: as soon as the list is fresh, somebody may accept the lead.
_STALE_LEVELS = {"warn": WARN, "block": QUARANTINE}
Row = Mapping[str, Any]


def project_facts(row: Row, national_lists: Sequence[Row]) -> ProjectFacts:
    rule = row["duplicates"]
    intake = msgspec.convert(row["intake"], IntakeRules)
    return ProjectFacts(
        id=row["id"],
        sponsor_id=row["sponsor_id"],
        active=row["state"] == "active",
        hold=row["call_centre_validation"],
        after_validation=row["after_validation"],
        region=row["region"],
        duplicates=DuplicateRule(rule["fields"], rule["scope"], rule["window_days"], rule["action"]),
        checks=checklist_of(row["region"], row["checks"], _settings(intake)),
        always_deliver=intake.always_deliver,
        bulk_edit=intake.bulk_edit,
        suppressions=SuppressionFreshness(
            until=_fresh_until(row, national_lists),
            stale_level=_STALE_LEVELS.get(intake.stale_suppressions, QUARANTINE),
        ),
    )


def _settings(intake: IntakeRules) -> Settings:
    days = intake.consent_max_age_days
    return Settings(
        required=tuple(path_of(field) for field in intake.required_fields),
        suppressed_names=frozenset(name.casefold() for name in intake.suppressed_names),
        consent_max_age=None if days is None else timedelta(days=days),
        custom=tuple(_custom(check) for check in intake.custom_checks if check.level != OFF),
    )


def _custom(check: CustomCheck) -> CustomRule:
    level = check.level if check.level in SEVERITY else REJECT
    return CustomRule(check.name, path_of(check.field), matcher(check.pattern), level, check.detail)


def _fresh_until(project: Row, national_lists: Sequence[Row]) -> datetime | None:
    """None where no national list applies."""
    scopes = {("global", None), ("sponsor", project["sponsor_id"]), ("project", project["id"])}
    dates = [each["as_of"] for each in national_lists if (each["scope"], each["scope_id"]) in scopes]
    return min(dates) + STALE_AFTER if dates else None
