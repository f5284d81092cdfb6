"""Makes an opportunity of a lead with a tool of its campaign (A3.8)."""

from collections.abc import Mapping
from typing import Any

import msgspec
from contracts.events.assignment import OpportunityCreatedV1
from contracts.events.values import Account, Person
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, FieldError, Kind, invalid

from assignment_svc.tools import store
from assignment_svc.tools.rules import filled, refused_edits
from assignment_svc.work_items.change import lead_ref
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.transition import touch


async def use_tool(
    work: UnitOfWork, item: WorkItem, actor: str, tool_id: str, given: tuple[Mapping[str, Any], int | None]
) -> str:
    """`given`: the edits, and the lock's token. Returns its id; raises 422, or 403 naming what is not editable."""
    edits, token = given
    tool = await store.find_tool(work, item.project_id, tool_id)
    if tool is None or not tool["active"]:
        raise invalid("tool-unknown", "The campaign has no such tool in use.", "/tool_id")
    _refuse(refused_edits(tool["fields"], edits))
    row = await store.read_contact(work, item.lead_id)
    assert row is not None  # noqa: S101 -- the caller found the lead, and leads stay
    person = {name: row[name] for name in ("first_name", "last_name", "phone", "email")}
    contact = {**person, "address": row["content"].get("address")}
    account: dict[str, Any] | None = row["content"].get("account")
    known = {**(row["content"].get("custom") or {}), **person}
    values = filled(tool["fields"], edits, known)
    opportunity_id, agent_id = new_id("opp"), item.agent_id or actor
    told = {"opportunity_id": opportunity_id, "tool_id": tool_id, "tool": tool["name"], "module": tool["module"]}
    version = await touch(work, item, actor, ("opportunity_created", told), token)
    stored = (tool_id, tool["name"], tool["module"], agent_id, contact, account, values)
    await store.insert_opportunity(work, opportunity_id, item.lead_id, *stored)
    event = OpportunityCreatedV1(
        lead=lead_ref(item),
        actor=actor,
        received_at=item.received_at,
        agent_id=agent_id,
        contact=msgspec.convert(contact, Person),
        account=None if account is None else msgspec.convert(account, Account),
        fields=values,
        **told,
    )
    work.publish(event, sequence=version)
    return opportunity_id


def _refuse(wrong: list[tuple[str, str, str]]) -> None:
    if not wrong:
        return
    forbidden = all(code == "field-not-editable" for _, code, _ in wrong)
    errors = [FieldError(f"/fields/{name}", code, words) for name, code, words in wrong]
    kind, code = (Kind.FORBIDDEN, "field-not-editable") if forbidden else (Kind.INVALID, "fields-refused")
    raise DomainError(kind, code, errors=errors)
