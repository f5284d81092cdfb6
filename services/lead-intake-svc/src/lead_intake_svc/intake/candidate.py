"""A pushed lead, checked and ready for the decision that only the database can make."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from contracts.envelope import Trace
from contracts.events.values import Account, Consent, LeadRef, Money, Order, OrderItem, Person, Problem
from contracts.ids import new_id
from lead_intake_svc.checks.email import domain_of
from lead_intake_svc.checks.problem import SEVERITY, Finding
from lead_intake_svc.checks.run import Checked, run_checks
from lead_intake_svc.intake.shapes import LeadInput, OrderInput
from lead_intake_svc.reference.facts import PartnerFacts, ProjectFacts
from lead_intake_svc.suppressions.hashing import Hashing
from messaging.trace import current_trace
from servicekit.idempotency_many import Once


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a lead beside its columns."""

    address: dict[str, Any] | None = None
    account: Account | None = None
    order: Order | None = None
    consent: Consent | None = None
    comments: str | None = None
    contact_time: str | None = None
    custom: dict[str, Any] = {}
    replacement_for: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who pushes: the partner, and whether the key is a test key."""

    partner: PartnerFacts
    test: bool


class Outside(msgspec.Struct, frozen=True):
    """What the lead itself does not say. `takes_mail`: whether the domain of its address does, where that is known and
    asked for.
    """

    hashing: Hashing
    takes_mail: bool | None = None


# A struct is made in a third of the time of a frozen dataclass, which is felt where there are 100,000 of them.
class Candidate(msgspec.Struct, frozen=True):
    """`suppressible`: kind, value and hash of what a suppression list may name; of a domain nothing is hashed."""

    ref: LeadRef
    partner: PartnerFacts
    project: ProjectFacts
    external_id: str
    asked_location: str | None
    person: Person
    content: Content
    problems: tuple[Problem, ...]
    fingerprint: bytes
    sent: LeadInput
    outside: Outside
    suppressible: tuple[tuple[str, str, str | None], ...] = ()
    once: Once | None = None
    trace: Trace = msgspec.field(default_factory=current_trace.get)

    @property
    def identities(self) -> list[tuple[str, str]]:
        """What duplicates are decided on. Test leads only ever meet test leads."""
        prefix = "test-" if self.ref.test else ""
        found = ((f"{prefix}phone", self.person.phone), (f"{prefix}email", self.person.email))
        return [(kind, value) for kind, value in found if value is not None]


def fingerprint_of(body: Mapping[str, Any]) -> bytes:
    """The same for the same content, whatever the order of its fields."""
    return hashlib.blake2b(msgspec.json.encode(body, order="deterministic"), digest_size=16).digest()


def make_candidate(
    lead: LeadInput, sender: Sender, project: ProjectFacts, fingerprint: bytes, outside: Outside
) -> Candidate:
    checked = run_checks(lead, project.checks, datetime.now(UTC), takes_mail=outside.takes_mail)
    return Candidate(
        ref=LeadRef(
            lead_id=new_id("lead"),
            partner_id=sender.partner.id,
            project_id=project.id,
            sponsor_id=project.sponsor_id,
            contact_list_id=lead.contact_list_id,
            test=sender.test or lead.test,
        ),
        partner=sender.partner,
        project=project,
        external_id=lead.external_id,
        asked_location=lead.location,
        person=Person(
            first_name=lead.first_name or None,
            last_name=lead.last_name or None,
            phone=checked.phone,
            email=checked.email,
            address=lead.address,
        ),
        content=_content(lead),
        problems=tuple(_problem(finding) for finding in checked.findings),
        fingerprint=fingerprint,
        sent=lead,
        outside=outside,
        suppressible=_suppressible(checked, outside.hashing),
    )


def worst(problems: tuple[Problem, ...]) -> Problem | None:
    """The first of the most severe ones: its code is the reason."""
    return max(problems, key=lambda problem: SEVERITY[problem.level], default=None)


def _suppressible(checked: Checked, hashing: Hashing) -> tuple[tuple[str, str, str | None], ...]:
    phone, email = checked.phone, checked.email
    found: list[tuple[str, str, str | None]] = []
    if phone is not None:
        found.append(("phone", phone, hashing("phone", phone)))
    if email is not None:
        found += (("email", email, hashing("email", email)), ("domain", domain_of(email), None))
    return tuple(found)


def _problem(finding: Finding) -> Problem:
    return Problem(code=finding.code, level=finding.level, field=finding.field, detail=finding.detail)


def _content(lead: LeadInput) -> Content:
    account, consent = lead.account, lead.consent
    return Content(
        address=lead.address,
        account=account and Account(external_id=account.external_id, name=account.name, fields=account.fields),
        order=lead.order and _order(lead.order),
        consent=consent
        and Consent(
            given_at=consent.given_at.astimezone(UTC),
            text=consent.text,
            ip=consent.ip,
            source_url=consent.source_url,
            certificate_url=consent.certificate_url,
        ),
        comments=lead.comments or None,
        contact_time=lead.contact_time or None,
        custom=lead.custom,
        replacement_for=lead.replacement_for,
    )


def _order(order: OrderInput) -> Order:
    return Order(
        number=order.number,
        status=order.status,
        items=[
            OrderItem(
                product_code=item.product_code,
                quantity=item.quantity,
                unit_price=Money(amount_minor=item.unit_price.amount_minor, currency=item.unit_price.currency),
            )
            for item in order.items
        ],
        total=order.total and Money(amount_minor=order.total.amount_minor, currency=order.total.currency),
    )
