"""Projects and contact lists as sponsor-svc tells them: the last version wins."""

import msgspec
from contracts.events.sponsor import ContactListContent, ProjectContent
from lead_intake_svc.reference import store
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork


async def keep_project(work: UnitOfWork, received: Received[ProjectContent]) -> None:
    event = received.event
    values = (
        event.project_id,
        received.envelope.sequence,
        event.sponsor_id,
        event.state,
        event.call_centre_validation,
        event.after_validation,
        event.region,
        msgspec.to_builtins(event.duplicates),
        event.checks,
        msgspec.to_builtins(event.intake),
    )
    if await store.keep_project(work, values):
        await store.bump(work, "projects")


async def keep_contact_list(work: UnitOfWork, received: Received[ContactListContent]) -> None:
    event = received.event
    values = (event.contact_list_id, received.envelope.sequence, event.project_id, event.expired)
    if await store.keep_contact_list(work, values):
        await store.bump(work, "projects")
