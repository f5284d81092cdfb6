"""Where a lead's number may be: country, region, zones. Pure."""

from collections.abc import Mapping
from typing import Any, Final

import phonenumbers
from phonenumbers import timezone

from assignment_svc.queue.hours import Place

_UNKNOWN_ZONE: Final = "Etc/Unknown"
_STATE_KEYS: Final = ("state", "region")


def place_of(phone: str | None, country: str | None, address: Mapping[str, Any] | None, hours: str = "") -> Place:
    """`phone` is E.164, `hours` those of the partner. A part that nobody knows stays empty.

    E4 reads that as the narrowest rule, or as no.
    """
    number = _parsed(phone)
    zones = () if number is None else _zones(number)
    region = None if number is None else phonenumbers.region_code_for_number(number)
    country_code = (country or region or "").upper()
    return Place(country_code, _state(address) if country_code == "US" else "", zones, hours)


def _parsed(phone: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(phone) if phone else None
    except phonenumbers.NumberParseException:
        return None


def _zones(number: phonenumbers.PhoneNumber) -> tuple[str, ...]:
    return tuple(sorted(zone for zone in timezone.time_zones_for_number(number) if zone != _UNKNOWN_ZONE))


def _state(address: Mapping[str, Any] | None) -> str:
    for key in _STATE_KEYS:
        value = (address or {}).get(key)
        if isinstance(value, str) and len(value.strip()) == 2:
            return value.strip().upper()
    return ""
