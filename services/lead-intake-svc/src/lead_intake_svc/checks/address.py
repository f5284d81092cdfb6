"""Country and postcode of an address."""

from collections.abc import Iterator, Mapping
from typing import Any

from lead_intake_svc.checks.postcodes import fits
from lead_intake_svc.checks.problem import Finding
from lead_intake_svc.checks.subject import Rules, Subject
from phonenumbers import SUPPORTED_REGIONS

_POSTCODE_NAMES = ("postcode", "postal_code", "zip")


def check_country(subject: Subject, rules: Rules) -> Iterator[Finding]:
    """An address without a country is in the project's."""
    country = _text(subject.sent.address or {}, "country")
    if country is None:
        return
    level, code = rules.levels["country"], country.upper()
    if code not in SUPPORTED_REGIONS:
        yield Finding(level, "country-unknown", "/address/country", "This is no country code of two letters.")
    elif code != rules.region:
        yield Finding(level, "country-other", "/address/country", "The project is for people in another country.")


def check_postcode(subject: Subject, rules: Rules) -> Iterator[Finding]:
    """Of a country whose postcodes nobody told us about, any will do."""
    address = subject.sent.address or {}
    for name in _POSTCODE_NAMES:
        postcode = _text(address, name)
        if postcode is not None:
            country = _text(address, "country") or rules.region
            if not fits(postcode, country.upper()):
                words = "The country has no such postcodes."
                yield Finding(rules.levels["postcode"], "postcode-invalid", f"/address/{name}", words)
            return


def _text(address: Mapping[str, Any], name: str) -> str | None:
    value = address.get(name)
    return str(value).strip() or None if isinstance(value, str | int) else None
