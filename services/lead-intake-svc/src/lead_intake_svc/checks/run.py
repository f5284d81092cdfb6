"""All checks that look at the lead alone, in the order in which their reasons count."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from lead_intake_svc.checks.address import check_country, check_postcode
from lead_intake_svc.checks.consent import check_consent
from lead_intake_svc.checks.contact import check_contact, check_mail_domain, check_phone_type
from lead_intake_svc.checks.email import normalise_email
from lead_intake_svc.checks.fields import check_custom, check_required
from lead_intake_svc.checks.names import check_names
from lead_intake_svc.checks.phone import normalise_phone
from lead_intake_svc.checks.problem import DEFAULT_LEVELS, OFF, Finding, level_of
from lead_intake_svc.checks.subject import Rules, Sent, Settings, Subject

Check = Callable[[Subject, Rules], Iterator[Finding]]
# A check that is off, or has nothing to look for, is not even called. The first one is always wanted.
_CHECKS: Final[tuple[tuple[Check, Callable[[Rules], bool]], ...]] = (
    (check_contact, lambda _: True),
    (check_required, lambda rules: rules.levels["required_fields"] != OFF and bool(rules.settings.required)),
    (check_phone_type, lambda rules: rules.levels["phone_type"] != OFF),
    (check_mail_domain, lambda rules: rules.levels["email_mx"] != OFF),
    (check_names, lambda rules: rules.levels["names"] != OFF),
    (check_consent, lambda rules: rules.levels["consent"] != OFF),
    (check_country, lambda rules: rules.levels["country"] != OFF),
    (check_postcode, lambda rules: rules.levels["postcode"] != OFF),
    (check_custom, lambda rules: bool(rules.settings.custom)),
)


@dataclass(frozen=True, slots=True)
class Checklist:
    """A project's checks, ready to run: made once, when the project is loaded."""

    rules: Rules
    checks: tuple[Check, ...]

    @property
    def asks_for_mail_domain(self) -> bool:
        return self.rules.levels["email_mx"] != OFF

    @property
    def suppression(self) -> str:
        return self.rules.levels["suppression"]


class Checked(msgspec.Struct, frozen=True):
    """`phone` and `email` normalised, None where missing or wrong."""

    phone: str | None
    email: str | None
    findings: tuple[Finding, ...]


def checklist_of(region: str, levels: Mapping[str, str], settings: Settings) -> Checklist:
    rules = Rules(region, {check: level_of(check, levels) for check in DEFAULT_LEVELS}, settings)
    return Checklist(rules, tuple(check for check, wanted in _CHECKS if wanted(rules)))


def run_checks(sent: Sent, checklist: Checklist, now: datetime, *, takes_mail: bool | None = None) -> Checked:
    rules = checklist.rules
    phone = normalise_phone(sent.phone, rules.region) if sent.phone else None
    email = normalise_email(sent.email) if sent.email else None
    subject = Subject(sent, phone, email, takes_mail, now)
    findings = [finding for check in checklist.checks for finding in check(subject, rules)]
    return Checked(phone, email, tuple(findings))
