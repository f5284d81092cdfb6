"""Phone number and e-mail address: valid, and of a kind that a person answers."""

from collections.abc import Iterator

from lead_intake_svc.checks.phone_type import UNWANTED, line_type
from lead_intake_svc.checks.problem import OFF, REJECT, Finding
from lead_intake_svc.checks.subject import Rules, Subject


def check_contact(subject: Subject, rules: Rules) -> Iterator[Finding]:
    """A lead that nobody can reach is refused, whatever the project says."""
    sent = subject.sent
    if sent.phone and subject.phone is None and (level := rules.levels["phone"]) != OFF:
        yield Finding(level, "phone-invalid", "/phone", "There is no such phone number.")
    if sent.email and subject.email is None and (level := rules.levels["email"]) != OFF:
        yield Finding(level, "email-invalid", "/email", "This is not an e-mail address.")
    if subject.phone is None and subject.email is None:
        yield Finding(REJECT, "contact-missing", "/phone", "A phone number or an e-mail address is needed.")


def check_phone_type(subject: Subject, rules: Rules) -> Iterator[Finding]:
    kind = line_type(subject.phone) if subject.phone else None
    if kind in UNWANTED:
        words = f"This is a {kind.replace('_', '-')} number."
        yield Finding(rules.levels["phone_type"], "phone-type", "/phone", words)


def check_mail_domain(subject: Subject, rules: Rules) -> Iterator[Finding]:
    if subject.email and subject.takes_mail is False:
        yield Finding(rules.levels["email_mx"], "email-domain", "/email", "The address's domain takes no e-mail.")
