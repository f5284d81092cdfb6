from collections.abc import Callable
from dataclasses import dataclass

from contracts.events.sponsor import ProjectChangedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import check_match
from servicekit.problems import forbidden, not_found

from sponsor_svc.projects import store
from sponsor_svc.projects.project import Project, ProjectSettings, told
from sponsor_svc.sponsors import attach


@dataclass(frozen=True, kw_only=True)
class ChangeProject:
    """`apply` makes the wanted project of the current one."""

    project_id: str
    apply: Callable[[Project], Project]
    may_call_always: bool
    if_match: str | None


async def change_project(work: UnitOfWork, command: ChangeProject) -> Project:
    """Raises 404, 412, 403 for calling at all hours, and 422 for the sponsor. Changing nothing makes no version."""
    current = await store.find_to_change(work, command.project_id)
    if current is None:
        raise not_found()
    check_match(command.if_match, current.version)
    wanted = command.apply(current)
    if wanted == current:
        return current
    if wanted.calling_hours != current.calling_hours:
        check_calling_hours(wanted, may_call_always=command.may_call_always)
    await attach.check_change(work, current.sponsor_id, wanted.sponsor_id)
    changed = await store.update(work, current.id, wanted)
    work.publish(told(changed, ProjectChangedV1), sequence=changed.version)
    return changed


def check_calling_hours(settings: ProjectSettings, *, may_call_always: bool) -> None:
    """Raises 403: `always` is outside the statutory hours, so only admins set it."""
    if settings.calling_hours.mode == "always" and not may_call_always:
        raise forbidden("calling-hours-always", "Only admins may let a project call at all hours.")
