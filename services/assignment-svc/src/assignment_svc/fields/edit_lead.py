"""An agent corrects what is known of a lead (A3.5): only fields that the campaign makes editable."""

from collections.abc import Mapping
from typing import Any

from contracts.corrections import corrected
from contracts.events.assignment import LeadEditedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, FieldError, Kind, invalid

from assignment_svc.fields import store
from assignment_svc.fields.apply_edits import apply_edits
from assignment_svc.fields.rules import is_field, why_refused
from assignment_svc.leads.suppress import suppress_leads
from assignment_svc.work_items.change import lead_ref
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.transition import touch


async def edit_lead(work: UnitOfWork, item: WorkItem, actor: str, edits: Mapping[str, Any], token: int | None) -> None:
    """Raises 403 naming each field that is not editable, 422 naming each value that does not fit."""
    configured = await store.read_fields(work, item.project_id)
    editable = {field["name"] for field in configured.fields if field["editable"]} if configured else set[str]()
    _refuse(
        Kind.FORBIDDEN, "field-not-editable", {name: "It cannot be edited." for name in edits if name not in editable}
    )
    told = {name: why_refused(name, value) for name, value in edits.items() if is_field(name)}
    _refuse(Kind.INVALID, "value-does-not-fit", {name: words for name, words in told.items() if words is not None})
    version = await touch(work, item, actor, ("edited", {"fields": sorted(edits)}), token)
    await store.keep_edits(work, item.lead_id, edits)
    (row,) = await store.find_edited(work, [item.lead_id])
    lead = corrected(dict(row), row["edits"])
    if not lead["phone"] and not lead["email"]:
        raise invalid("nobody-to-reach", "A lead keeps a phone number or an e-mail address.", "/fields")
    if any(name.startswith("account.") for name in edits) and not row["content"].get("account"):
        raise invalid("no-account", "The lead has no account.", "/fields")
    await apply_edits(work, [item.lead_id])
    event = LeadEditedV1(lead=lead_ref(item), actor=actor, received_at=item.received_at, fields=dict(edits))
    work.publish(event, sequence=version)
    await suppress_leads(work, [item.lead_id])


def _refuse(kind: Kind, code: str, wrong: Mapping[str, str]) -> None:
    if wrong:
        errors = [FieldError(f"/fields/{_pointed(name)}", code, words) for name, words in wrong.items()]
        raise DomainError(kind, code, errors=errors)


def _pointed(name: str) -> str:
    """Names that are no fields are the sender's: they are not echoed whole."""
    return name if is_field(name) else "?"
