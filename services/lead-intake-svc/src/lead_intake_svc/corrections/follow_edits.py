"""An agent corrected a lead (A3.5): it is corrected here, too, and told to everybody who keeps its content."""

from datetime import UTC, datetime
from typing import Any

from contracts.corrections import PERSON, corrected
from contracts.events.assignment import LeadEditedV1
from contracts.events.intake import LeadUpdatedV1
from messaging.errors import NotYet
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from lead_intake_svc.corrections import store
from lead_intake_svc.leads.store import find_whole
from lead_intake_svc.leads.whole_lead import lead_content
from lead_intake_svc.revisions.rules import changed_fields
from lead_intake_svc.revisions.store import identify, keep_revision

_COLUMNS = (*PERSON, "content")


async def follow_edits(work: UnitOfWork, received: Received[LeadEditedV1]) -> None:
    """Whoever talked to the person is believed: no check refuses it. An erased lead stays erased."""
    event = received.event
    row = await find_whole(work, event.lead.lead_id)
    if row is None or row["own_state"] == "erased" or row["status"] != "accepted":
        return
    newer = await store.keep(work, row["id"], event.fields, received.envelope.sequence)
    before = {name: row[name] for name in _COLUMNS}
    after = corrected(before, newer)
    fields = changed_fields(before, after)
    if not fields:
        return
    await store.change(work, row["id"], after)
    await keep_revision(work, row, datetime.now(UTC), fields, {name: before[name] for name in fields})
    prefix = "test-" if row["test"] else ""
    for kind in ("phone", "email"):
        value = after[kind]
        if value and value != before[kind] and not await identify(work, prefix + kind, value, row["id"]):
            raise NotYet  # the same person is being sent at this moment
    content: dict[str, Any] = lead_content({**row, **after})
    work.publish(LeadUpdatedV1(**content), sequence=row["version"] + 1)
