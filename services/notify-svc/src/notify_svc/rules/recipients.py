"""Who gets a mail by a rule, and what it may say to them: pure rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from notify_svc.emails.queue_emails import NewEmail
from notify_svc.partners.store import PartnerRow
from notify_svc.rules.matching import Occurrence, Recipient, Rule

# The call centre's own words (I2.10), and who of it did something.
_COMMENTS = ("comment", "note")
_STAFF = ("actor", "agent_id", "decided_by", "previous_agent_id", "evidence")


class PartnerUnknown(Exception):
    """The partner's own event has not come yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Who there is: as much of it as a batch needs."""

    partners: Mapping[str, PartnerRow] = field(default_factory=dict[str, PartnerRow])
    feeders: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    people: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    projects: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class _Told:
    address: str
    partner: PartnerRow | None
    staff: bool = False


def mails_of(rule: Rule, occurrence: Occurrence, directory: Directory) -> Iterator[NewEmail]:
    """Raises PartnerUnknown."""
    for recipient in rule.recipients:
        for told in _who(recipient, occurrence, directory):
            template = rule.template or (told.partner.auto_response_template if told.partner else None)
            if template is not None:
                yield NewEmail(
                    cause_id=occurrence.id,
                    template=template,
                    recipient=told.address,
                    lead=occurrence.lead,
                    variables=variables_for(occurrence, directory, told.partner, staff=told.staff),
                    trace=occurrence.trace,
                    digest="immediate" if rule.digest else None,
                )


def variables_for(
    occurrence: Occurrence, directory: Directory, partner: PartnerRow | None, *, staff: bool
) -> dict[str, Any]:
    """What a template may name. Who is not of the call centre sees its comments only where the partner may (I2.10)."""
    lead, project_id = occurrence.lead, occurrence.project_id or ""
    return {
        "event": {"id": str(occurrence.id), "type": occurrence.type, "time": occurrence.at.isoformat()},
        "lead": {
            "id": lead.lead_id if lead else "",
            "external_id": occurrence.data.get("external_id") or (lead.lead_id if lead else ""),
            "project_id": project_id,
        },
        "partner": {"id": partner.partner_id, "name": partner.name} if partner else {"id": "", "name": ""},
        "project": {"id": project_id, "name": directory.projects.get(project_id) or project_id},
        "data": occurrence.data if staff else _redacted(occurrence.data, partner),
        "changes": occurrence.changes,
    }


def _redacted(data: dict[str, Any], partner: PartnerRow | None) -> dict[str, Any]:
    hidden = _STAFF if partner is not None and partner.include_comments else (*_STAFF, *_COMMENTS)
    return {
        name: ([] if isinstance(value, list) else None) if name in hidden else value for name, value in data.items()
    }


def _who(recipient: Recipient, occurrence: Occurrence, directory: Directory) -> Iterator[_Told]:
    match recipient.kind:
        case "address":
            assert recipient.address is not None  # noqa: S101 -- its shape says so
            yield _Told(recipient.address, directory.partners.get(occurrence.partner_id or ""))
        case "users" | "user":
            for address in directory.people.get(recipient.access_level or recipient.user_id or "", []):
                yield _Told(address, directory.partners.get(occurrence.partner_id or ""), staff=True)
        case "feeding_partners":
            for partner_id in directory.feeders.get(occurrence.project_id or "", []):
                partner = directory.partners.get(partner_id)
                if partner is not None and partner.active:
                    yield from (_Told(address, partner) for address in _contact(partner))
        case "buyer":
            yield from _of_partner(recipient.kind, occurrence.data.get("buyer_id"), directory)
        case _:
            yield from _of_partner(recipient.kind, occurrence.partner_id, directory)


def _of_partner(kind: str, partner_id: str | None, directory: Directory) -> Iterator[_Told]:
    if partner_id is None:
        return
    partner = directory.partners.get(partner_id)
    if partner is None:
        raise PartnerUnknown
    addresses = {
        "partner_purchase": partner.purchase_emails,
        "partner_return": partner.return_emails,
        "buyer": partner.sold_emails,
    }.get(kind)
    yield from (_Told(address, partner) for address in (_contact(partner) if addresses is None else addresses))


def _contact(partner: PartnerRow) -> list[str]:
    """Where a partner is told of what no list of addresses is for."""
    if partner.email:
        return [partner.email]
    return partner.return_emails or partner.purchase_emails
