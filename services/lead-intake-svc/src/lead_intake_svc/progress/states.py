"""What an event of another service says about a lead: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from contracts.event import Event
from contracts.events import assignment as a
from contracts.events import validation as v
from contracts.events.notify import EmailEvent, WebhookExhaustedV1

_WORK_STATES: Mapping[type[Event], str] = {
    a.LeadHeldV1: "held",
    a.LeadPendedV1: "pending",
    a.LeadQueuedV1: "queued",
    a.LeadClaimedV1: "claimed",
    a.LeadAssignedV1: "claimed",
    a.LeadReassignedV1: "claimed",
    a.LeadReleasedV1: "queued",
    a.LeadConvertedV1: "converted",
    a.LeadResolvedV1: "resolved",
    a.LeadInvalidatedV1: "invalid",
    a.LeadSuppressedV1: "suppressed",
    a.LeadExpiredV1: "expired",
    a.LeadReopenedV1: "queued",
    a.OfferSentV1: "offer_sent",
}
_CONTACT_STATUSES: Mapping[type[Event], str] = {
    v.CaseOpenedV1: "unconfirmed",
    v.CaseAttemptedV1: "unconfirmed",
    v.CaseExhaustedV1: "unconfirmed",
    v.CaseConfirmedV1: "confirmed",
    v.CaseRejectedV1: "rejected",
    v.CaseReopenedV1: "unconfirmed",
}
_UNASSIGNED = {"queue": "queued", "pending": "pending"}
_WITHDRAWN = {"return-requested": "return_hold", "returned": "returned", "sold": "sold", "erased": "erased"}
_WORKED = frozenset({"claimed", "offer_sent"})
_WORDS = {
    "lead": "Lead", "case": "Validation case", "attempt": "Call", "order": "Order", "callback": "Call-back",
    "offer": "Offer", "opportunity": "Opportunity", "survey": "Survey", "message": "Message", "return": "Return",
    "webhook": "Webhook",
}  # fmt: skip
# The field that the one line of an entry tells.
_DETAILS: Mapping[type[Event], str] = {
    a.LeadResolvedV1: "disposition",
    a.LeadInvalidatedV1: "reason",
    a.LeadExpiredV1: "reason",
    a.LeadReopenedV1: "reason",
    a.LeadWithdrawnV1: "reason",
    a.LeadRestoredV1: "state",
    a.AttemptLoggedV1: "outcome",
    a.OpportunityCreatedV1: "tool",
    v.ReturnProposedV1: "reason",
    WebhookExhaustedV1: "reason",
}
# Kept apart from the entry's own columns, or of no use to a reader.
_LEFT_OUT = frozenset({"lead", "actor", "received_at", "decided_by"})


@dataclass(frozen=True, slots=True)
class WorkState:
    """`agent_id` is who works the lead now."""

    state: str
    agent_id: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline."""

    actor: str | None
    summary: str
    data: dict[str, Any]


def work_state(event: Event) -> WorkState | None:
    """None for events that leave the state as it is."""
    if isinstance(event, a.LeadUnassignedV1):
        return WorkState(_UNASSIGNED.get(event.location, "queued"), None)
    if isinstance(event, a.LeadWithdrawnV1):
        return WorkState(_WITHDRAWN.get(event.reason, "return_hold"), None)
    if isinstance(event, a.LeadRestoredV1):
        return WorkState(event.state, event.agent_id)
    if isinstance(event, a.CallbackScheduledV1):
        return WorkState("callback", event.agent_id if event.private else None)
    state = _WORK_STATES.get(type(event))
    if state is None:
        return None
    return WorkState(state, getattr(event, "agent_id", None) if state in _WORKED else None)


def billable(event: Event) -> bool | None:
    """None for events that leave it as it is (V4.9)."""
    return isinstance(event, v.LeadRevalidatedV1) if isinstance(event, v.BillableEvent) else None


def contact_status(event: Event) -> str | None:
    return _CONTACT_STATUSES.get(type(event))


def entry_of(event: Event) -> Entry:
    fields: dict[str, Any] = msgspec.to_builtins(event)
    actor = getattr(event, "actor", None) or getattr(event, "decided_by", None)
    data = {name: value for name, value in fields.items() if name not in _LEFT_OUT and value is not None}
    if isinstance(event, a.LeadEditedV1):
        data["fields"] = sorted(event.fields)  # their values are in the lead
    return Entry(actor, summary_of(event), data)


def summary_of(event: Event) -> str:
    """One line for a reader, without personal data: `Lead resolved (Not interested)`."""
    _, entity, participle, _ = event.type.split(".")
    what = _WORDS.get(entity, "E-mail")
    if isinstance(event, v.BillableEvent):
        return f"Lead {'not ' if isinstance(event, v.LeadInvalidatedV1) else ''}billable ({event.reason})"
    detail = _detail(event)
    words = f"{what} {participle.replace('_', ' ')}"
    return f"{words} ({detail})" if detail else words


def _detail(event: Event) -> str | None:
    name = _DETAILS.get(type(event))
    if name is not None:
        return str(getattr(event, name))
    if isinstance(event, EmailEvent):
        return event.template
    order = getattr(event, "order", None)
    return order.number if order is not None else None
