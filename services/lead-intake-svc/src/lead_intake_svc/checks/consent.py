"""Consent: present where the project asks, given in the past, and not too long ago."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from lead_intake_svc.checks.problem import Finding

FRESH = timedelta(days=365)
CLOCK_SKEW = timedelta(minutes=5)


def check_consent(given_at: datetime | None, now: datetime) -> Iterator[Finding]:
    if given_at is None:
        yield Finding("consent", "consent-missing", "/consent", "There is no consent.")
    elif given_at > now + CLOCK_SKEW:
        yield Finding("consent", "consent-in-future", "/consent/given_at", "The consent lies in the future.")
    elif given_at < now - FRESH:
        yield Finding("consent_fresh", "consent-stale", "/consent/given_at", "The consent is more than a year old.")
