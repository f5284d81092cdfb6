from dataclasses import replace

from contracts.events.sponsor import ContactListCreatedV1
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.contact_lists import store
from sponsor_svc.contact_lists.contact_list import ContactList, ListSettings, told
from sponsor_svc.contact_lists.expiry import expiry_of
from sponsor_svc.contact_lists.ownership import sponsor_of_new
from sponsor_svc.contact_lists.references import check_project
from sponsor_svc.scope import Scope
from sponsor_svc.sponsors import attach


async def create_contact_list(work: UnitOfWork, settings: ListSettings, scope: Scope) -> ContactList:
    """Raises 422 when the sponsor or the project is not one that it can have."""
    settings = replace(settings, sponsor_id=sponsor_of_new(settings.sponsor_id, scope.sponsor_ids))
    if settings.sponsor_id is not None:
        await attach.check_attachable(work, settings.sponsor_id)
    await check_project(work, settings.project_id, scope)
    expires_at = expiry_of(settings.expires_on, settings.time_zone)
    contact_list = await store.insert(work, new_id("lst"), settings, expires_at)
    work.publish(told(contact_list, ContactListCreatedV1), sequence=contact_list.version)
    return contact_list
