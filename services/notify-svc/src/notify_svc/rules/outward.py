"""What a webhook endpoint hears by a rule (N5.7): pure rules.

Whoever owns it hears of what is theirs, in the words in which webhooks tell it anyway, and of nothing else: a rule
names an endpoint, it does not widen what its owner may know.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.event import Event
from contracts.events import intake, sponsor

from notify_svc.rules.catalogue import ALARMS
from notify_svc.rules.matching import Occurrence
from notify_svc.webhook_events.catalogue import Audience, Fields, Owner, told_to

_PROJECT: dict[Audience, Fields] = dict.fromkeys(
    ("partner", "sponsor", "project", "crm"), ("project_id", "name", "state")
)
_LIST = ("contact_list_id", "project_id", "name", "expires_on", "time_zone")
_IMPORT = ("import_id", "project_id", "rows", "results")
_ALARM: dict[Audience, Fields] = {"crm": ("alarm", "key", "detail", "project_id", "lead_id")}
# About no lead, by who hears them. Alarms are for those who run the house.
_WITHOUT_LEAD: dict[type[Event], dict[Audience, Fields]] = {
    sponsor.ProjectCreatedV1: _PROJECT,
    sponsor.ProjectChangedV1: _PROJECT,
    sponsor.ProjectActivatedV1: _PROJECT,
    sponsor.ProjectPassivatedV1: _PROJECT,
    sponsor.ContactListExpiredV1: dict.fromkeys(("sponsor", "project", "crm"), _LIST),
    intake.ImportCompletedV1: {
        "partner": _IMPORT,
        "project": (*_IMPORT, "partner_id"),
        "crm": (*_IMPORT, "partner_id"),
    },
    **dict.fromkeys(ALARMS, _ALARM),
}


def audience_of(
    owner_kind: Owner, owner_id: str | None, occurrence: Occurrence, feeders: Mapping[str, Sequence[str]]
) -> Audience | None:
    """As what this owner hears of it; None: it is none of theirs. `feeders` are the partners that feed a project."""
    match owner_kind:
        case "crm":
            return "crm"
        case "partner":
            fed = feeders.get(occurrence.project_id or "", ()) if occurrence.partner_id is None else ()
            return "partner" if owner_id == occurrence.partner_id or owner_id in fed else None
        case "sponsor":
            return "sponsor" if owner_id == occurrence.sponsor_id else None
        case "project":
            return "project" if owner_id == occurrence.project_id else None


def told_by_rule(
    event: Any, occurrence: Occurrence, audience: Audience, *, with_comments: bool, external_id: str | None
) -> dict[str, Any] | None:
    """None: nothing."""
    if occurrence.lead is not None:
        return told_to(event, audience, with_comments=with_comments, external_id=external_id)
    fields = _WITHOUT_LEAD[type(event)].get(audience)
    if fields is None:
        return None
    told = {name: getattr(event, name) for name in fields}
    return told | {"changes": occurrence.changes} if isinstance(event, sponsor.ProjectContent) else told
