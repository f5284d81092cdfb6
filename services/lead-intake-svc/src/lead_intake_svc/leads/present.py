"""How a lead and its timeline are shown, and what stays inside the house: pure."""

from typing import Any

from asyncpg import Record
from lead_intake_svc.leads.answers import Lead, ProblemShown, TimelineEntry
from lead_intake_svc.revisions.rules import public_status
from lead_intake_svc.scope import Scope

# Said inside the call centre, or other people's addresses.
_INSIDE = frozenset({
    "note", "recipient", "agent_id", "previous_agent_id", "contact", "account", "fields", "answers", "variables",
})  # fmt: skip


def show_lead(row: Record, scope: Scope) -> Lead:
    """A partner sees what it sent; a sponsor neither comments nor whose duplicate a lead is."""
    content: dict[str, Any] = row["content"]
    own = scope.staff or scope.column == "l.partner_id"
    sees_duplicate = scope.staff or (own and row["duplicate_partner_id"] == row["partner_id"])
    columns = frozenset(row.keys())
    plain = {
        name: row[name] for name in Lead.model_fields if name in columns and name not in {"problems", "duplicate_of"}
    }  # fmt: skip
    return Lead(
        **plain,
        status=public_status(row["intake_status"], row["work_state"], row["own_state"]),
        agent_id=row["work_agent_id"] if scope.staff else None,
        address=content.get("address"),
        account=content.get("account"),
        order=content.get("order"),
        consent=content.get("consent"),
        comments=content.get("comments") if own else None,
        contact_time=content.get("contact_time"),
        custom=content.get("custom", {}),
        replacement_for=content.get("replacement_for"),
        duplicate_of=row["duplicate_of"] if sees_duplicate else None,
        problems=[ProblemShown(**problem) for problem in row["problems"]],
    )


# Their reason is free text of the call centre: a comment by another name.
_REASONED = frozenset({
    "assignment.lead.invalidated.v1", "assignment.lead.reopened.v1", "validation.lead.invalidated.v1",
    "validation.lead.revalidated.v1", "validation.return.proposed.v1",
})  # fmt: skip


def show_entry(row: Record, scope: Scope, *, comments: bool) -> TimelineEntry:
    """`comments`: the partner may read what the call centre noted (I2.10)."""
    hidden = frozenset[str]() if scope.staff else _INSIDE - {"note"} if comments else _INSIDE
    summary: str = row["summary"]
    if scope.column == "l.partner_id" and not comments and row["event"] in _REASONED:
        hidden, summary = hidden | {"reason"}, summary.partition(" (")[0]
    return TimelineEntry(
        at=row["at"],
        actor=row["actor"] if scope.staff else None,
        event=row["event"],
        summary=summary,
        data={name: value for name, value in row["data"].items() if name not in hidden},
    )
