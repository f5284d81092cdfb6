from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from contracts.events.sponsor import ContactListChangedV1, ContactListReopenedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import check_match
from servicekit.problems import not_found

from sponsor_svc.contact_lists import store
from sponsor_svc.contact_lists.contact_list import ContactList, told
from sponsor_svc.contact_lists.expiry import expiry_of, stays_expired
from sponsor_svc.contact_lists.ownership import check_writable
from sponsor_svc.contact_lists.references import check_project
from sponsor_svc.scope import Scope
from sponsor_svc.sponsors import attach


@dataclass(frozen=True, slots=True)
class ChangeList:
    list_id: str
    changes: Mapping[str, Any]
    if_match: str | None


async def change_contact_list(work: UnitOfWork, command: ChangeList, scope: Scope) -> ContactList:
    """Raises 403, 404, 412, and 422 for sponsor or project. Changing nothing makes no version.

    An expired list whose date moves to later is open again, and that is what is told. The reverse is left to the timer.
    """
    if scope.sponsor_ids is not None:
        check_writable(command.changes)
    current = await store.find_to_change(work, command.list_id, scope)
    if current is None:
        raise not_found()
    check_match(command.if_match, current.version)
    wanted = replace(current, **command.changes)
    if wanted == current:
        return current
    if wanted.sponsor_id is not None and wanted.sponsor_id != current.sponsor_id:
        await attach.check_attachable(work, wanted.sponsor_id)
    if wanted.project_id != current.project_id:
        await check_project(work, wanted.project_id, scope)
    expires_at = expiry_of(wanted.expires_on, wanted.time_zone)
    reopened = current.expired and not stays_expired(expires_at, await store.now(work))
    changed = await store.update(work, replace(wanted, expired=current.expired and not reopened), expires_at)
    event = told(changed, ContactListReopenedV1) if reopened else told(changed, ContactListChangedV1)
    work.publish(event, sequence=changed.version)
    return changed
