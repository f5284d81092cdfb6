"""Queues the mails and webhooks that rules want of a batch of events."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from contracts.events.notify import AlarmRaisedV1
from messaging.errors import NotYet
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.emails.queue_emails import NewEmail, queue_emails
from notify_svc.partners.store import read_feeders, read_partners
from notify_svc.people.store import read_people
from notify_svc.projects.store import read_names
from notify_svc.rules import store
from notify_svc.rules.call_endpoints import call_endpoints
from notify_svc.rules.matching import Occurrence, Rule, matches
from notify_svc.rules.recipients import Directory, PartnerUnknown, mails_of
from notify_svc.templates.store import read_existing

Changes = Mapping[UUID, list[dict[str, str]]]


async def notify_by_rules(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    """Raises NotYet where a partner is to be told whose own event has not come."""
    await notify_of_changes(work, batch, {})


async def notify_of_changes(work: UnitOfWork, batch: Sequence[Received[Any]], changes: Changes) -> None:
    """The same with what changed, by the event's id."""
    rules = await store.read_active(work, sorted({received.envelope.type for received in batch}))
    if not rules:
        return
    occurrences = [(occurrence_of(received, changes.get(received.envelope.id, [])), received) for received in batch]
    all_met = [
        (rule, occurrence, event) for occurrence, event in occurrences for rule in rules if matches(rule, occurrence)
    ]
    if not all_met:
        return
    met = [(rule, occurrence) for rule, occurrence, _ in all_met]
    directory = await _directory(work, met)
    try:
        mails = [mail for rule, occurrence in met for mail in mails_of(rule, occurrence, directory)]
    except PartnerUnknown:
        raise NotYet from None
    await queue_emails(work, await _that_can_be_made(work, mails))
    await call_endpoints(work, all_met)


async def _that_can_be_made(work: UnitOfWork, mails: list[NewEmail]) -> list[NewEmail]:
    """Without those of a template that a partner names and that never was here: an operator is told instead."""
    wanted = sorted({mail.template for mail in mails})
    there = set(await read_existing(work, wanted))
    for mail in mails:
        if mail.template not in there and mail.lead is not None:
            detail = "The partner's template for automatic responses does not exist."
            missing = AlarmRaisedV1(alarm="template-missing", key=mail.lead.partner_id, detail=detail)
            work.publish(missing, sequence=1, trace=mail.trace)
    return [mail for mail in mails if mail.template in there]


def occurrence_of(received: Received[Any], changes: list[dict[str, str]]) -> Occurrence:
    data: dict[str, Any] = msgspec.to_builtins(received.event)
    lead = getattr(received.event, "lead", None)
    return Occurrence(
        id=received.envelope.id,
        type=received.envelope.type,
        at=received.envelope.time,
        trace=received.envelope.trace,
        data=data,
        lead=lead,
        partner_id=lead.partner_id if lead else data.get("partner_id"),
        project_id=lead.project_id if lead else data.get("project_id"),
        sponsor_id=lead.sponsor_id if lead else data.get("sponsor_id"),
        changes=changes,
    )


async def _directory(work: UnitOfWork, met: Sequence[tuple[Rule, Occurrence]]) -> Directory:
    kinds = {recipient.kind for rule, _ in met for recipient in rule.recipients}
    projects = sorted({occurrence.project_id for _, occurrence in met if occurrence.project_id})
    feeders = await read_feeders(work, projects) if "feeding_partners" in kinds else {}
    partners = {partner for fed in feeders.values() for partner in fed}
    partners |= {o.partner_id for _, o in met if o.partner_id} | {
        o.data["buyer_id"] for _, o in met if "buyer_id" in o.data
    }
    named = sorted(
        {r.access_level or r.user_id or "" for rule, _ in met for r in rule.recipients if r.kind in {"users", "user"}}
    )
    return Directory(
        partners=await read_partners(work, sorted(partners)) if partners else {},
        feeders=feeders,
        people=await read_people(work, named) if named else {},
        projects=await read_names(work, projects) if projects else {},
    )
