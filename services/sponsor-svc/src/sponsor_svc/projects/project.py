"""A project: an outbound campaign or an inbound service."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from contracts.events.sponsor import (
    DuplicateRules,
    IntakeRules,
    OfferRules,
    ProjectContent,
    QueueRules,
    ValidationRules,
)
from contracts.events.values import CallingHours

E = TypeVar("E", bound=ProjectContent)


@dataclass(frozen=True, kw_only=True)
class ProjectSettings:
    """What a person decides about a project. The nested settings are told to other services as they are."""

    name: str
    kind: str
    sponsor_id: str | None
    call_centre_validation: bool
    after_validation: str
    written_confirmation: bool
    region: str
    calling_hours: CallingHours
    queue: QueueRules
    duplicates: DuplicateRules
    checks: dict[str, str]
    validation: ValidationRules
    intake: IntakeRules
    offer: OfferRules


@dataclass(frozen=True, kw_only=True)
class Project(ProjectSettings):
    id: str
    state: str
    version: int
    created_at: datetime
    updated_at: datetime


def told(project: Project, event_class: type[E]) -> E:
    return event_class(
        project_id=project.id,
        name=project.name,
        kind=project.kind,
        state=project.state,
        sponsor_id=project.sponsor_id,
        call_centre_validation=project.call_centre_validation,
        after_validation=project.after_validation,
        region=project.region,
        calling_hours=project.calling_hours,
        queue=project.queue,
        duplicates=project.duplicates,
        checks=project.checks,
        validation=project.validation,
        intake=project.intake,
        offer=project.offer,
        written_confirmation=project.written_confirmation,
    )
