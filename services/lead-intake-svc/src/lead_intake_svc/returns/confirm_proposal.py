"""A supervisor's word on a proposed return."""

from datetime import UTC, datetime

from asyncpg import Record
from lead_intake_svc.returns import store
from lead_intake_svc.returns.request_return import Request, request_returns
from lead_intake_svc.returns.return_sale import return_sales
from lead_intake_svc.returns.rules import SALE, Refusal
from lead_intake_svc.returns.shapes import Confirmation
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, not_found


async def confirm_proposal(work: UnitOfWork, return_id: str, wanted: Confirmation, actor: str) -> Record:
    """Raises 409 for what is no proposal any more, and for what a request would refuse."""
    row = await _proposal(work, return_id)
    request = Request(wanted.reason or row["reason"], wanted.comment or row["comment"], actor)
    if row["kind"] == SALE:
        (made,) = await return_sales(work, [row["lead_id"]], row["partner_id"], request)
    else:
        (made,) = await request_returns(work, [row["lead_id"]], request)
    if isinstance(made, Refusal):
        raise conflict(made.code, made.detail)
    return made


async def dismiss_proposal(work: UnitOfWork, return_id: str, actor: str) -> Record:
    row = await store.dismiss(work, return_id, datetime.now(UTC), actor)
    if row is None:
        await _proposal(work, return_id)
        raise conflict("return-not-proposed", "The return is no proposal any more.")
    return row


async def _proposal(work: UnitOfWork, return_id: str) -> Record:
    """Not held: the lead's row is taken first, and the proposal is only confirmed if it is still one."""
    row = await store.find(work, return_id, None)
    if row is None:
        raise not_found()
    if row["state"] != "proposed":
        raise conflict("return-not-proposed", f"The return is {row['state']}.")
    return row
