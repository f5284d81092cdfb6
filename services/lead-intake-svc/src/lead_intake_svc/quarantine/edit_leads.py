"""I2.21: many leads corrected at once, each checked again as new. Each has its own fate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, forbidden, not_found

from lead_intake_svc.quarantine import store
from lead_intake_svc.quarantine.rebuild import Rebuild
from lead_intake_svc.quarantine.recheck import Rechecked, recheck


@dataclass(frozen=True, slots=True)
class Editor:
    """`statuses` are those of leads that they may edit, `partner_id` whose leads; None: everybody's."""

    actor: str
    statuses: frozenset[str]
    partner_id: str | None


async def edit_lead(
    work: UnitOfWork, editor: Editor, lead_id: str, changes: Mapping[str, Any], rebuild: Rebuild
) -> Rechecked:
    """Raises 404, 403 where the project has it off, 409 for a lead that is delivered or not theirs to edit, 422."""
    row = await store.find_locked(work, lead_id, editor.partner_id)
    if row is None:
        raise not_found()
    _check(row, editor, rebuild)
    lead = await rebuild.lead(row, changes)
    return await recheck(work, row, rebuild.candidate(row, lead), editor.actor)


def _check(row: Record, editor: Editor, rebuild: Rebuild) -> None:
    if not rebuild.bulk_edit(row["project_id"]):
        raise forbidden("bulk-edit-off", "The project's leads are not edited.")
    if row["status"] == "accepted":
        raise conflict("lead-delivered", "The lead is accepted: it is not edited any more.")
    if row["status"] not in editor.statuses:
        raise forbidden("lead-not-editable", f"You may not edit leads that are {row['status']}.")
