from contracts.events.sponsor import ProjectActivatedV1, ProjectPassivatedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, not_found

from sponsor_svc.projects import store
from sponsor_svc.projects.project import Project, told


async def activate_project(work: UnitOfWork, project_id: str) -> Project:
    """From available or passive; an active one stays as it is. Raises 404."""
    current = await _current(work, project_id)
    if current.state == "active":
        return current
    project = await store.set_state(work, project_id, "active")
    work.publish(told(project, ProjectActivatedV1), sequence=project.version)
    return project


async def passivate_project(work: UnitOfWork, project_id: str) -> Project:
    """From active; a passive one stays as it is. Raises 404, and 409 for one that was never used."""
    current = await _current(work, project_id)
    if current.state == "passive":
        return current
    if current.state == "available":
        raise conflict("project-not-activated", "The project was announced, but never activated.")
    project = await store.set_state(work, project_id, "passive")
    work.publish(told(project, ProjectPassivatedV1), sequence=project.version)
    return project


async def _current(work: UnitOfWork, project_id: str) -> Project:
    project = await store.find_to_change(work, project_id)
    if project is None:
        raise not_found()
    return project
