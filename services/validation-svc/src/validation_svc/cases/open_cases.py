"""Opens a case for every held lead, and keeps its content as intake knows it."""

from collections.abc import Sequence
from typing import Any

import msgspec
from contracts.events.intake import LeadContent
from contracts.events.validation import CaseOpenedV1
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from validation_svc.cases import store


async def open_cases(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    """An update that overtook its lead's acceptance opens the case with the newer content."""
    newest: dict[str, Received[LeadContent]] = {}
    for received in batch:
        known = newest.get(received.event.lead.lead_id)
        if not received.event.lead.test and (known is None or known.envelope.sequence < received.envelope.sequence):
            newest[received.event.lead.lead_id] = received
    if not newest:
        return
    opened = await store.upsert_cases(work, [_row(received) for received in newest.values()])
    for lead_id in opened:
        received = newest[lead_id]
        work.publish(CaseOpenedV1(lead=received.event.lead), sequence=1, trace=received.envelope.trace)


def _row(received: Received[LeadContent]) -> dict[str, Any]:
    lead, ref = received.event, received.event.lead
    content = {
        field: getattr(lead, field) for field in msgspec.structs.asdict(lead) if field not in {"lead", "received_at"}
    }
    return {
        "lead_id": ref.lead_id,
        "partner_id": ref.partner_id,
        "project_id": ref.project_id,
        "sponsor_id": ref.sponsor_id,
        "contact_list_id": ref.contact_list_id,
        "received_at": lead.received_at,
        "held": lead.hold,
        "lead_version": received.envelope.sequence,
        "content": content,
    }
