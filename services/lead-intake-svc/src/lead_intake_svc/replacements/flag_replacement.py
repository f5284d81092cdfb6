"""An admin says that an accepted lead came in the stead of a returned one, or that it did not (I2.22)."""

from typing import Any

from asyncpg import Record
from contracts.events.intake import LeadUpdatedV1
from lead_intake_svc.leads.store import find_whole
from lead_intake_svc.leads.whole_lead import lead_content
from lead_intake_svc.replacements import store
from lead_intake_svc.replacements.replace_lead import Taker, take_slot, tell_replaced, tell_undone
from lead_intake_svc.replacements.rules import refusal
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, invalid, not_found


async def flag_replacement(work: UnitOfWork, lead_id: str, original_name: str, actor: str) -> str:
    """The original's id. From now on the lead is not billed."""
    lead = await find_whole(work, lead_id)
    if lead is None:
        raise not_found()
    if lead["status"] != "accepted" or lead["own_state"] is not None:
        raise conflict("lead-not-accepted", "Only an accepted lead that is still ours can be a replacement.")
    if await store.slot_of(work, lead_id) is not None:
        raise conflict("replacement-exists", "The lead is a replacement already.")
    original = await store.lock_original(work, lead["partner_id"], original_name)
    if original is None or original["id"] == lead_id:
        raise invalid("replacement-unknown", "The partner has sent no such lead.", "/original_id")
    prefix = "test-" if lead["test"] else ""
    identities = [(prefix + kind, lead[kind]) for kind in ("phone", "email") if lead[kind]]
    no = refusal(await store.state_of(work, original["id"], identities))
    if no is not None:
        raise conflict(*no)
    await take_slot(work, original, Taker(lead_id, lead["partner_id"], lead["billable"], actor))
    await _mark(work, lead, original["id"], billable=False)
    await tell_replaced(work, original, lead_id)
    return str(original["id"])


async def undo_replacement(work: UnitOfWork, lead_id: str) -> None:
    """The slot is open again, and the lead is billed as before."""
    lead = await find_whole(work, lead_id)
    slot = await store.slot_of(work, lead_id) if lead is not None else None
    if lead is None or slot is None:
        raise not_found()
    original = await store.lock_original(work, lead["partner_id"], slot["original_id"])
    assert original is not None  # noqa: S101 -- leads are not deleted
    await store.free_slot(work, lead_id)
    await _mark(work, lead, None, billable=slot["was_billable"])
    await tell_undone(work, original, lead_id)


async def _mark(work: UnitOfWork, lead: Record, original_id: str | None, *, billable: bool) -> None:
    version = await store.mark(work, lead["id"], original_id, billable=billable)
    if lead["status"] == "accepted" and lead["own_state"] != "erased":
        fields: dict[str, Any] = {**lead_content(lead), "replacement_for": original_id, "billable": billable}
        work.publish(LeadUpdatedV1(**fields), sequence=version)
