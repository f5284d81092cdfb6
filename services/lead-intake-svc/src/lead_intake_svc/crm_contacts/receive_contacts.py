"""S0.9: contacts of a CRM's campaign enter as leads of its contact list, each once, checked as a push is."""

from typing import Any

import asyncpg
import msgspec
from contracts.events.sponsor import Contact, ContactsReleasedV1
from messaging.database import Database
from messaging.errors import NotYet
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from lead_intake_svc.crm_contacts import store
from lead_intake_svc.intake.admission import Admission
from lead_intake_svc.intake.candidate import Candidate, Sender, fingerprint_of
from lead_intake_svc.intake.own_transaction import OwnTransaction
from lead_intake_svc.intake.settle import Raced, decide_and_write
from lead_intake_svc.intake.shapes import LeadInput
from lead_intake_svc.intake.store import lock_guard
from lead_intake_svc.reference.cache import Reference
from lead_intake_svc.reference.facts import ProjectFacts

INTERNAL_PARTNER = "ptr_internal"
PORTION = 200
TRIES = 20


class ReceiveContacts:
    def __init__(self, database: Database, reference: Reference, admission: Admission) -> None:
        self._source = database.source
        self._alone = OwnTransaction(database, reference)
        self._reference = reference
        self._admission = admission

    async def receive(self, work: UnitOfWork, received: Received[ContactsReleasedV1]) -> None:
        """Raises NotYet while the project or the list is not known here. They may be passive by now: the leads enter
        all the same, and nobody may call them until the campaign is active again. Who was erased does not come back
        this way: nothing is kept of them, not even a rejected lead.
        """
        event = received.event
        leads = [_lead(event, external_id, contact) for external_id, contact in event.contacts.items()]
        await self._reference.current()
        await self._admission.missing_known(leads)
        project = self._reference.projects.get(event.project_id)
        if project is None or event.contact_list_id not in self._reference.contact_lists:
            raise NotYet
        await store.begin_letting_in(work)
        candidates = await _without_erased(work, [self._candidate(lead, project) for lead in leads])
        for start in range(0, len(candidates), PORTION):
            await self._settle(work, candidates[start : start + PORTION])

    def _candidate(self, lead: LeadInput, project: ProjectFacts) -> Candidate:
        sender = Sender(self._reference.partners[INTERNAL_PARTNER], test=False)
        fingerprint = fingerprint_of(lead.model_dump(mode="json"))
        return self._admission.candidate(lead, sender, project, fingerprint)

    async def _settle(self, work: UnitOfWork, candidates: list[Candidate]) -> None:
        """Who pushes the same person at the same time makes this look again. What is there already stays as it is. What
        a rule sells is sold with it.
        """
        alone = [candidate for candidate in candidates if self._alone.needed(candidate)]
        together = [candidate for candidate in candidates if not self._alone.needed(candidate)]
        for tried in range(TRIES):
            try:
                async with work.part():
                    if tried:
                        await lock_guard(work.connection)
                    await decide_and_write(work.connection, self._source, together)
                    for candidate in alone:
                        await self._alone.settle_in(work, candidate)
            except (Raced, asyncpg.UniqueViolationError):
                continue
            return
        raise Raced


async def _without_erased(work: UnitOfWork, candidates: list[Candidate]) -> list[Candidate]:
    hashes = [{hashed for *_, hashed in candidate.suppressible if hashed} for candidate in candidates]
    erased = await store.erased_among(work, set[str]().union(*hashes))
    return [candidate for candidate, own in zip(candidates, hashes, strict=True) if not own & erased]


def _lead(event: ContactsReleasedV1, external_id: str, contact: Contact) -> LeadInput:
    """Ids of contacts are unique in their campaign only."""
    body: dict[str, Any] = {name: value for name, value in msgspec.to_builtins(contact).items() if value is not None}
    return LeadInput.model_validate(
        {
            **body,
            "external_id": f"{event.project_id}:{external_id}",
            "project_id": event.project_id,
            "contact_list_id": event.contact_list_id,
        }
    )
