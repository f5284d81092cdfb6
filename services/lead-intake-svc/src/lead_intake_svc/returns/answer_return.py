"""Accepting, declining and disputing (I2.13)."""

from datetime import UTC, datetime

from asyncpg import Record
from lead_intake_svc.credits.enter_credit import enter_credit
from lead_intake_svc.returns import store
from lead_intake_svc.returns.events import tell
from lead_intake_svc.returns.rules import PURCHASE, STEPS, Refusal, dispute_refusal, step_refusal
from lead_intake_svc.returns.terms import terms_of
from lead_intake_svc.sales.store import end_sale
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, Kind, conflict, forbidden, not_found

# What the lead is while such a return is declined, and while it is open.
_RESTING = {"purchase": None, "sale": "sold"}


async def accept(work: UnitOfWork, row: Record, answer: str | None, actor: str | None) -> Record:
    """The row is held by the caller, and a step from its state to accepted is allowed."""
    changed = await store.answer(work, row, "accepted", answer, datetime.now(UTC), actor)
    await conclude(work, changed, actor)
    return changed


async def conclude(work: UnitOfWork, row: Record, actor: str | None) -> None:
    """What an accepted return means: one credit, and the lead is gone (or ours again)."""
    lead = await _lead(work, row)
    if row["kind"] == PURCHASE:
        await store.set_own_state(work, row["lead_id"], "returned")
        await store.mark_returned(work, row["lead_id"])
    else:
        await end_sale(work, row["sale_id"], row["lead_id"])
    await tell(work, row, lead, "accepted", actor)
    await enter_credit(work, row, lead)


async def decline(work: UnitOfWork, row: Record, answer: str | None, actor: str | None) -> Record:
    """The row is held by the caller, and a step from its state to declined is allowed."""
    changed = await store.answer(work, row, "declined", answer, datetime.now(UTC), actor)
    await store.set_own_state(work, row["lead_id"], _RESTING[row["kind"]])
    await tell(work, changed, await _lead(work, row), "declined", actor)
    return changed


async def dispute(work: UnitOfWork, row: Record, comment: str | None, actor: str) -> Record:
    """Stops the work again, so it must still be possible to stop it."""
    now = datetime.now(UTC)
    partner = await store.lock_buyer(work, row["partner_id"])
    lead = (await store.lock_leads(work, [row["lead_id"]])).get(row["lead_id"])
    if partner is None or lead is None:
        raise not_found()
    _raise(dispute_refusal(row["disputed_at"] is not None, row["answered_at"], terms_of(partner, row["kind"]), now))
    if lead["own_state"] != _RESTING[row["kind"]]:
        raise conflict("return-open", "Something else has become of the lead since.")
    if row["kind"] == PURCHASE and lead["work_state"] == "converted":
        raise conflict("lead-converted", "The lead was converted.")
    changed = await store.dispute(work, row, comment, now, actor)
    if row["kind"] == PURCHASE:
        await store.set_own_state(work, row["lead_id"], "return_hold")
    await tell(work, changed, lead, "disputed", actor)
    return changed


async def take(work: UnitOfWork, return_id: str, own: str | None, step: str, role: str) -> Record:
    """The return, held for the step. Raises 404, 409 with the state that it has, 403 for whose turn it is not."""
    row = await store.find(work, return_id, own, lock=True)
    if row is None or (own is not None and row["state"] in {"proposed", "dismissed"}):
        raise not_found()
    no = step_refusal(STEPS[step], row["kind"], row["state"], role)
    if no is not None and no.code == "return-not-yours":
        raise forbidden(no.code, no.detail)
    _raise(no)
    return row


def _raise(no: Refusal | None) -> None:
    if no is not None:
        raise DomainError(Kind.CONFLICT, no.code, no.detail)


async def _lead(work: UnitOfWork, row: Record) -> Record:
    lead = await store.lead_of(work, row["lead_id"])
    assert lead is not None  # noqa: S101 -- leads are not deleted
    return lead
