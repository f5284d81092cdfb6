"""Opens a case for every held lead, and keeps its content as intake knows it."""

from collections.abc import Sequence
from typing import Any

import msgspec
from contracts.events.intake import LeadContent
from contracts.events.validation import CaseOpenedV1
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from validation_svc.cases import store
from validation_svc.cases.rules import first_check_valid
from validation_svc.releases.release_cases import LATE
from validation_svc.releases.store import plan_releases


async def open_cases(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    """An update that overtook its lead's acceptance opens the case with the newer content.

    V4.1: where validation was turned off and held leads are let go, so are those that come later.
    """
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
    if opened:
        await plan_releases(work, sorted({newest[lead_id].event.lead.project_id for lead_id in opened}), LATE)


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
        "first_check_valid": first_check_valid(problem.level for problem in lead.problems),
        "lead_version": received.envelope.sequence,
        "content": content,
    }
