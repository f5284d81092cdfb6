"""What others hear of returns, and what the lead's timeline keeps of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from asyncpg import Record
from contracts.events import intake as i
from lead_intake_svc.leads.whole_lead import lead_ref
from lead_intake_svc.progress.store import add_entries
from lead_intake_svc.returns.rules import PURCHASE
from messaging.unit_of_work import UnitOfWork

_CLASSES: Mapping[str, tuple[type[i.ReturnContent], type[i.SaleReturnContent]]] = {
    "requested": (i.ReturnRequestedV1, i.SaleReturnRequestedV1),
    "accepted": (i.ReturnAcceptedV1, i.SaleReturnAcceptedV1),
    "declined": (i.ReturnDeclinedV1, i.SaleReturnDeclinedV1),
    "disputed": (i.ReturnDisputedV1, i.SaleReturnDisputedV1),
    "lapsed": (i.ReturnLapsedV1, i.SaleReturnLapsedV1),
}


async def tell(work: UnitOfWork, row: Record, lead: Record, step: str, actor: str | None, **more: Any) -> None:
    """Publishes `intake.return.<step>` (of a sale: `intake.sale_return.<step>`), and adds it to the timeline."""
    purchase, sale = _CLASSES[step]
    content: dict[str, Any] = {
        "return_id": row["id"],
        "lead": lead_ref(lead),
        "reason": row["reason"],
        "requested_at": row["requested_at"],
        "answer_by": row["answer_by"],
        "comment": row["comment"],
        "answer": row["answer"],
        "actor": actor,
        "external_id": lead["external_id"],
        "evidence": row["evidence"],
        **more,
    }
    if row["kind"] == PURCHASE:
        event: i.ReturnContent = purchase(**content)
    else:
        event = sale(buyer_id=row["partner_id"], sale_id=row["sale_id"], **content)
    message = work.publish(event, sequence=row["version"])
    what = "Return" if row["kind"] == PURCHASE else "Return by the buyer"
    data = {"return_id": row["id"], "reason": row["reason"], "note": row["comment"], **more}
    kept = {name: value for name, value in data.items() if value is not None}
    entry = (lead["id"], datetime.now(UTC), message.id, actor, event.type, f"{what} {step} ({row['reason']})", kept)
    await add_entries(work, [entry])
