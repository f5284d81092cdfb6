"""What a contact list may point to."""

from messaging.unit_of_work import UnitOfWork
from servicekit.problems import invalid

from sponsor_svc.contact_lists import store
from sponsor_svc.scope import Scope


async def check_project(work: UnitOfWork, project_id: str | None, scope: Scope) -> None:
    """Raises 422; a project outside the scope is answered as an unknown one."""
    if project_id is not None and not await store.project_exists(work, project_id, scope):
        raise invalid("project-unknown", "There is no such project.", "/project_id")
