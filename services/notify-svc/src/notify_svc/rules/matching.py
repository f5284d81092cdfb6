"""Which rules an event meets: plain values in, decisions out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.envelope import Trace
from contracts.events.values import LeadRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """An empty list lets everything pass. Of test leads nobody hears unless `include_test`."""

    project_ids: list[str] = field(default_factory=list[str])
    partner_ids: list[str] = field(default_factory=list[str])
    sponsor_ids: list[str] = field(default_factory=list[str])
    reasons: list[str] = field(default_factory=list[str])
    alarms: list[str] = field(default_factory=list[str])
    include_test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """`kind` says who: an `address`, `users` of an `access_level`, one `user`, or a partner in some role."""

    kind: str
    address: str | None = None
    access_level: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`template` None: the partner's own for returns. `digest`: may wait for others, if the recipient wants that.

    `endpoint_ids` are the webhook endpoints that are called, too.
    """

    id: str
    event_types: list[str]
    filter: Filter
    recipients: list[Recipient]
    template: str | None
    digest: bool
    endpoint_ids: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """An event as rules see it. `data` are the event's own fields, as plain values; `changes` those of a campaign."""

    id: UUID
    type: str
    at: datetime
    trace: Trace
    data: dict[str, Any]
    lead: LeadRef | None = None
    partner_id: str | None = None
    project_id: str | None = None
    sponsor_id: str | None = None
    changes: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


def matches(rule: Rule, occurrence: Occurrence) -> bool:
    wanted = rule.filter
    if occurrence.type not in rule.event_types:
        return False
    if occurrence.lead is not None and occurrence.lead.test and not wanted.include_test:
        return False
    return (
        _passes(wanted.project_ids, occurrence.project_id)
        and _passes(wanted.partner_ids, occurrence.partner_id)
        and _passes(wanted.sponsor_ids, occurrence.sponsor_id)
        and _passes(wanted.reasons, occurrence.data.get("reason"))
        and _passes(wanted.alarms, occurrence.data.get("alarm"))
    )


def _passes(wanted: Sequence[str], value: str | None) -> bool:
    return not wanted or value in wanted
