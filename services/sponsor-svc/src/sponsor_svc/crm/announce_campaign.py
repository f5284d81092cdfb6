"""S0.9: a CRM announces a campaign; it waits as *available* until somebody activates it."""

from dataclasses import replace

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.contact_lists.contact_list import ListSettings
from sponsor_svc.contact_lists.create_contact_list import create_contact_list
from sponsor_svc.crm import store
from sponsor_svc.crm.shapes import Announcement, contact_of
from sponsor_svc.projects.change_project import ChangeProject, change_project
from sponsor_svc.projects.create_project import create_project
from sponsor_svc.projects.inputs import settings_of
from sponsor_svc.projects.project import Project
from sponsor_svc.projects.shapes import NewProject
from sponsor_svc.scope import Scope


async def announce_campaign(work: UnitOfWork, external_id: str, wanted: Announcement) -> tuple[Record, bool]:
    """The campaign, and whether it is new. The same again changes nothing. The name follows the CRM while the campaign
    is available; what people set afterwards is theirs. Raises 422 as for projects and contact lists.
    """
    await store.lock(work, external_id)
    known = await store.find(work, external_id)
    if known is None:
        await _create(work, external_id, wanted)
    elif known["state"] == "available":
        await _follow(work, known["project_id"], wanted)
    contacts = {contact.external_id: contact_of(account, contact) for account, contact in wanted.everybody()}
    if contacts:
        await store.keep_contacts(work, external_id, contacts)
    row = await store.find(work, external_id)
    assert row is not None  # noqa: S101 -- it is held
    return row, known is None


async def _create(work: UnitOfWork, external_id: str, wanted: Announcement) -> None:
    body = NewProject(name=wanted.name, kind=wanted.kind, sponsor_id=wanted.sponsor_id, region=wanted.region)
    project = await create_project(work, settings_of(body), state="available")
    settings = ListSettings(
        name=wanted.name, project_id=project.id, sponsor_id=wanted.sponsor_id, expires_on=None, time_zone="UTC"
    )
    contact_list = await create_contact_list(work, settings, Scope())
    await store.insert(work, external_id, project.id, contact_list.id)


async def _follow(work: UnitOfWork, project_id: str, wanted: Announcement) -> None:
    def apply(current: Project) -> Project:
        sponsor_id = wanted.sponsor_id or current.sponsor_id
        return replace(current, name=wanted.name, kind=wanted.kind, sponsor_id=sponsor_id, region=wanted.region)

    await change_project(work, ChangeProject(project_id=project_id, apply=apply, may_call_always=False, if_match=None))
