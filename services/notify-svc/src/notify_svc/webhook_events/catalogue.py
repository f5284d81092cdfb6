"""The outward shape of every event that webhooks tell: `docs/webhooks.md` describes it for receivers.

A field that is not named here stays inside: ids of agents, notes, prices between others, evidence.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import contracts.events.assignment as a
import contracts.events.intake as i
import contracts.events.validation as v
from contracts.event import Event

Owner = Literal["partner", "sponsor", "project", "crm"]
Audience = Owner | Literal["buyer"]
Fields = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Fields by audience; None: not told at all. `insiders` (projects, CRMs) hear what sponsors do, and more.

    `comments` are the call centre's own words: for partners whose `include_comments_with_return` is on. `buyer` is the
    partner that a lead was sold to: what is told to it, nobody else hears.
    """

    partner: Fields | None = ()
    sponsor: Fields | None = ()
    insiders: Fields = ()
    comments: Fields = ()
    buyer: Fields | None = None


_RECEIVED = Told(
    partner=("external_id", "received_at", "location", "hold", "problems", "billable"),
    sponsor=("received_at", "location", "hold", "billable"),
)
_REFUSED = Told(partner=("external_id", "received_at", "reason", "problems"), sponsor=("received_at", "reason"))
_RETURN = Told(
    partner=("return_id", "external_id", "reason", "requested_at", "answer_by", "answer"),
    sponsor=("return_id", "reason", "requested_at", "answer_by"),
    comments=("comment",),
)
_LAPSED = Told(
    partner=(*(_RETURN.partner or ()), "outcome"), sponsor=(*(_RETURN.sponsor or ()), "outcome"), comments=("comment",)
)
_SALE_RETURN = Told(
    partner=None,
    sponsor=None,
    buyer=("return_id", "sale_id", "reason", "requested_at", "answer_by", "comment", "answer"),
)
_CASE = Told(sponsor=("attempts",))
_REASONED = Told(sponsor=("reason",), comments=("reason",))
_STEP = Told()
_OFFER = Told(partner=None, sponsor=("offer_id", "lapses_at"))
_OPPORTUNITY = Told(
    partner=None, sponsor=("opportunity_id", "module"), insiders=("tool", "contact", "account", "fields")
)
_ATTEMPT = Told(partner=None, sponsor=("attempt_id", "outcome", "contacted", "number", "started_at", "ended_at"))
_SURVEY = Told(partner=None, sponsor=("answer_id", "template_id", "template_version", "answers"))

CATALOGUE: dict[type[Event], Told] = {
    i.LeadAcceptedV1: _RECEIVED,
    i.LeadUpdatedV1: _RECEIVED,
    i.LeadRejectedV1: _REFUSED,
    i.LeadQuarantinedV1: _REFUSED,
    i.LeadReplacedV1: Told(partner=("replacement_id",), sponsor=("replacement_id",)),
    i.LeadErasedV1: _STEP,
    i.ReturnRequestedV1: _RETURN,
    i.ReturnAcceptedV1: _RETURN,
    i.ReturnDeclinedV1: _RETURN,
    i.ReturnDisputedV1: _RETURN,
    i.ReturnLapsedV1: _LAPSED,
    i.SaleReturnRequestedV1: _SALE_RETURN,
    i.SaleReturnAcceptedV1: _SALE_RETURN,
    i.SaleReturnDeclinedV1: _SALE_RETURN,
    i.SaleReturnDisputedV1: _SALE_RETURN,
    i.SaleReturnLapsedV1: replace(_SALE_RETURN, buyer=(*(_SALE_RETURN.buyer or ()), "outcome")),
    v.CaseOpenedV1: _CASE,
    v.CaseAttemptedV1: _CASE,
    v.CaseExhaustedV1: _CASE,
    v.CaseConfirmedV1: _CASE,
    v.CaseRejectedV1: _CASE,
    v.CaseReopenedV1: _CASE,
    v.CaseReleasedV1: _CASE,
    v.LeadInvalidatedV1: _REASONED,
    v.LeadRevalidatedV1: _REASONED,
    a.LeadHeldV1: _STEP,
    a.LeadPendedV1: _STEP,
    a.LeadQueuedV1: _STEP,
    a.LeadClaimedV1: _STEP,
    a.LeadAssignedV1: _STEP,
    a.LeadReleasedV1: Told(sponsor=("attempts", "next_attempt_at")),
    a.LeadUnassignedV1: Told(sponsor=("location",)),
    a.LeadReassignedV1: _STEP,
    a.LeadConvertedV1: Told(sponsor=("order_id", "order")),
    a.LeadResolvedV1: Told(sponsor=("disposition_id", "disposition"), comments=("disposition",)),
    a.LeadInvalidatedV1: _REASONED,
    a.LeadSuppressedV1: _STEP,
    a.LeadEditedV1: _STEP,
    a.LeadExpiredV1: Told(partner=("reason",), sponsor=("reason",)),
    a.LeadReopenedV1: _STEP,
    a.LeadWithdrawnV1: Told(sponsor=("reason",)),
    a.LeadRestoredV1: Told(sponsor=("state",)),
    a.AttemptLoggedV1: _ATTEMPT,
    a.OrderCompletedV1: Told(sponsor=("order_id", "order")),
    a.OfferSentV1: _OFFER,
    a.OfferAcceptedV1: _OFFER,
    a.OfferLapsedV1: _OFFER,
    a.OpportunityCreatedV1: _OPPORTUNITY,
    a.SurveyAnsweredV1: _SURVEY,
}
# Nobody asks for these; a notification rule may tell them (N5.7).
BY_RULES_ONLY: dict[type[Event], Told] = {
    i.LeadSoldV1: Told(partner=None, sponsor=("sold_at",), insiders=("sale_id", "buyer_id")),
    i.ConsentRevokedV1: Told(sponsor=("revoked_at",)),
    v.ReturnProposedV1: Told(partner=None, sponsor=("mode", "reason")),
}
TYPES = frozenset(event_class.type for event_class in CATALOGUE)


def matches(pattern: str, event_type: str) -> bool:
    """`*` is everything, `intake.lead.*` all that begins with `intake.lead.`, everything else itself."""
    return pattern in {"*", event_type} or (pattern.endswith(".*") and event_type.startswith(pattern[:-1]))


def is_known_pattern(pattern: str) -> bool:
    return any(matches(pattern, event_type) for event_type in TYPES)


def told_to(
    event: Any, audience: Audience, *, with_comments: bool, external_id: str | None = None
) -> dict[str, Any] | None:
    """What this audience hears of an event about a lead; None: nothing. `external_id` is its partner's, and for it."""
    told = CATALOGUE.get(type(event)) or BY_RULES_ONLY[type(event)]
    fields = _fields(told, audience, with_comments=with_comments)
    if fields is None:
        return None
    lead = event.lead
    data: dict[str, Any] = {"lead_id": lead.lead_id, "test": lead.test}
    if audience != "buyer":
        data["project_id"] = lead.project_id
    if audience == "partner":
        data["external_id"] = external_id
    if audience in {"sponsor", "project", "crm"}:
        data |= {"sponsor_id": lead.sponsor_id, "contact_list_id": lead.contact_list_id}
    if audience in {"project", "crm"}:
        data["partner_id"] = lead.partner_id
    return data | {name: getattr(event, name) for name in fields}


def hearers(event: Any) -> list[tuple[Audience, Owner, str | None]]:
    """Who may hear of an event, and whose endpoints those are."""
    lead, buyer_id = event.lead, getattr(event, "buyer_id", None)
    if buyer_id is not None:
        return [("buyer", "partner", buyer_id)]
    return [
        ("partner", "partner", lead.partner_id),
        ("sponsor", "sponsor", lead.sponsor_id),
        ("project", "project", lead.project_id),
        ("crm", "crm", None),
    ]


def _fields(told: Told, audience: Audience, *, with_comments: bool) -> Fields | None:
    match audience:
        case "partner" if told.partner is not None and with_comments:
            return told.partner + told.comments
        case "partner":
            return told.partner
        case "sponsor":
            return told.sponsor
        case "buyer":
            return told.buyer
        case _ if told.sponsor is None:
            return None
        case _:
            return told.sponsor + told.insiders
