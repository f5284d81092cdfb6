"""All checks that look at the lead alone, in the order in which their reasons count."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from lead_intake_svc.checks.consent import check_consent
from lead_intake_svc.checks.email import normalise_email
from lead_intake_svc.checks.names import check_names
from lead_intake_svc.checks.phone import normalise_phone
from lead_intake_svc.checks.problem import OFF, Finding, level_of


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at: as it was sent."""

    first_name: str | None
    last_name: str | None
    phone: str | None
    email: str | None
    consent_given_at: datetime | None


@dataclass(frozen=True, slots=True)
class Checked:
    """`phone` and `email` normalised, None where missing or wrong; `findings` with the level that the project gave."""

    phone: str | None
    email: str | None
    findings: tuple[tuple[str, Finding], ...]


def run_checks(subject: Subject, region: str, levels: Mapping[str, str], now: datetime) -> Checked:
    phone = normalise_phone(subject.phone, region) if subject.phone else None
    email = normalise_email(subject.email) if subject.email else None
    findings = (*_contact(subject, phone, email), *check_names(subject.first_name, subject.last_name))
    if any(level_of(check, levels) != OFF for check in ("consent", "consent_fresh")):
        findings = (*findings, *check_consent(subject.consent_given_at, now))
    judged = ((level_of(finding.check, levels), finding) for finding in findings)
    return Checked(phone, email, tuple((level, finding) for level, finding in judged if level != OFF))


def _contact(subject: Subject, phone: str | None, email: str | None) -> Iterator[Finding]:
    if subject.phone and phone is None:
        yield Finding("phone", "phone-invalid", "/phone", "There is no such phone number.")
    if subject.email and email is None:
        yield Finding("email", "email-invalid", "/email", "This is not an e-mail address.")
    if phone is None and email is None:
        yield Finding("required", "contact-missing", "/phone", "A phone number or an e-mail address is needed.")
