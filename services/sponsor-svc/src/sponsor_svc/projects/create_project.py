from contracts.events.sponsor import ProjectCreatedV1
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.projects import store
from sponsor_svc.projects.project import Project, ProjectSettings, told
from sponsor_svc.sponsors import attach


async def create_project(work: UnitOfWork, settings: ProjectSettings, state: str = "active") -> Project:
    """A project made by hand starts active (S0.8), one that a CRM announces available. Raises 422
    when the sponsor is missing although required, unknown or archived.
    """
    await attach.check_new(work, settings.sponsor_id)
    project = await store.insert(work, new_id("prj"), state, settings)
    work.publish(told(project, ProjectCreatedV1), sequence=project.version)
    return project
