"""Consent: present where the project asks, given in the past, and not too long ago."""

from collections.abc import Iterator
from datetime import timedelta

from lead_intake_svc.checks.problem import Finding
from lead_intake_svc.checks.subject import Rules, Subject

CLOCK_SKEW = timedelta(minutes=5)
CODES = frozenset({"consent-missing", "consent-in-future", "consent-stale"})


def check_consent(subject: Subject, rules: Rules) -> Iterator[Finding]:
    level, max_age = rules.levels["consent"], rules.settings.consent_max_age
    consent = subject.sent.consent
    if consent is None:
        yield Finding(level, "consent-missing", "/consent", "There is no consent.")
    elif consent.given_at > subject.now + CLOCK_SKEW:
        yield Finding(level, "consent-in-future", "/consent/given_at", "The consent lies in the future.")
    elif max_age is not None and consent.given_at < subject.now - max_age:
        words = f"The consent is more than {max_age.days} days old."
        yield Finding(level, "consent-stale", "/consent/given_at", words)
