"""Erasing a person (I2.27): here at once, elsewhere by event, done when every service has given its receipt."""

from datetime import UTC, datetime

import msgspec
from contracts.events.bases import ErasureReceipt
from contracts.events.intake import ErasureRequestedV1, LeadErasedV1
from contracts.events.values import LeadRef
from contracts.ids import new_id
from lead_intake_svc.crm_contacts.store import keep_contacts_out
from lead_intake_svc.erasure import store
from lead_intake_svc.erasure.files import clean_files
from lead_intake_svc.erasure.scrubbers import scrub
from lead_intake_svc.erasure.shapes import PersonWanted
from lead_intake_svc.erasure.subject import Person, find_person, refuse_on_hold
from lead_intake_svc.erasure.written import masked
from lead_intake_svc.suppressions.forget import keep_hashed
from lead_intake_svc.suppressions.hashing import Hashing
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

OWN = "intake"
AWAITED = ("assignment", "identity", "notify", "sponsor", "validation")


async def erase_person(work: UnitOfWork, wanted: PersonWanted, hashing: Hashing, actor: str) -> str:
    """The id of the erasure. Raises 409 on a legal hold, 422 for what is no number and no address."""
    await keep_contacts_out(work)
    found = await find_person(work, wanted)
    await refuse_on_hold(work, found)
    taken_out = await clean_files(work, found.written)
    found = await find_person(work, wanted)  # with what a file brought in until it was held
    await store.lock_leads(work, found.lead_ids)
    await refuse_on_hold(work, found)
    erasure_id, now = new_id("ers"), datetime.now(UTC)
    subject = "\n".join(hashing(kind, value) for kind, value in found.identities).encode()
    await store.insert(work, (erasure_id, subject, list(found.lead_ids), [OWN, *AWAITED], actor, now))
    await store.bury(work, found.lead_ids, erasure_id)
    removed = await scrub(work, found)
    removed["rows_of_waiting_files"] = taken_out
    removed["suppressions"] = 0
    for kind, value in found.identities:
        removed["suppressions"] += await keep_hashed(work, hashing, kind, value)
    await store.receive(work, erasure_id, OWN, removed, now)
    event = ErasureRequestedV1(erasure_id=erasure_id, lead_ids=list(found.lead_ids), person=masked(found.identities))
    work.publish(event, sequence=1)
    return erasure_id


async def receive_receipt(work: UnitOfWork, received: Received[ErasureReceipt]) -> None:
    event, now = received.event, datetime.now(UTC)
    await store.receive(work, event.erasure_id, type(event).context, event.removed, now)
    lead_ids = await store.complete(work, event.erasure_id, now)
    if lead_ids is None:
        return
    # What another process was storing while the first look was taken is there to be seen by now.
    await scrub(work, Person((), tuple(lead_ids)))
    for row in await store.tombstones(work, event.erasure_id):
        lead = msgspec.convert(row["ref"], LeadRef)
        work.publish(LeadErasedV1(lead=lead, erasure_id=event.erasure_id), sequence=row["version"])
