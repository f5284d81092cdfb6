"""From checked bodies to the settings of a project."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, get_args

import msgspec
from contracts.events.sponsor import DuplicateRules, IntakeRules, OfferRules, QueueRules, ValidationRules
from contracts.events.values import CallingHours
from pydantic import BaseModel

from sponsor_svc.projects.project import Project, ProjectSettings
from sponsor_svc.projects.shapes import NewProject, ProjectPatch, Queue, QueueRule

S = TypeVar("S", CallingHours, QueueRules, DuplicateRules, ValidationRules, IntakeRules, OfferRules)
# What a patch changes one by one; the rest is replaced whole.
_MERGED = ("duplicates", "validation", "intake", "offer")


def settings_of(body: NewProject) -> ProjectSettings:
    return ProjectSettings(
        name=body.name,
        kind=body.kind,
        sponsor_id=body.sponsor_id,
        call_centre_validation=body.call_centre_validation,
        after_validation=body.after_validation,
        written_confirmation=body.written_confirmation,
        region=body.region,
        calling_hours=_value(body.calling_hours, CallingHours),
        queue=_merged_queue(QueueRules(inherited=list(get_args(QueueRule))), body.queue),
        duplicates=_value(body.duplicates, DuplicateRules),
        checks={**body.checks},
        validation=_value(body.validation, ValidationRules),
        intake=_value(body.intake, IntakeRules),
        offer=_value(body.offer, OfferRules),
    )


def change_of(body: ProjectPatch) -> Callable[[Project], Project]:
    """What the body changes, of whatever is stored when it is applied."""
    sent = body.sent()

    def apply(current: Project) -> Project:
        changes: dict[str, Any] = dict(sent)
        if "calling_hours" in changes:
            changes["calling_hours"] = _value(body.calling_hours, CallingHours)
        for name in _MERGED:
            if name in changes:
                changes[name] = _merged(getattr(current, name), getattr(body, name))
        if "queue" in changes:
            changes["queue"] = _merged_queue(current.queue, body.queue)
        if "checks" in changes:
            changes["checks"] = {**current.checks, **body.checks}
        return replace(current, **changes)

    return apply


def _merged_queue(stored: QueueRules, body: Queue) -> QueueRules:
    """What is set is no longer inherited, unless the same body says that it is."""
    merged = _merged(stored, body)
    sent = body.model_fields_set
    kept = merged.inherited if "inherited" in sent else [name for name in stored.inherited if name not in sent]
    return msgspec.structs.replace(merged, inherited=sorted(set(kept)))


def _value(model: BaseModel, value_class: type[S]) -> S:
    return msgspec.convert(model.model_dump(by_alias=True), value_class)


def _merged(stored: S, model: BaseModel) -> S:
    sent = model.model_dump(by_alias=True, exclude_unset=True)
    return msgspec.convert({**msgspec.to_builtins(stored), **sent}, type(stored))
