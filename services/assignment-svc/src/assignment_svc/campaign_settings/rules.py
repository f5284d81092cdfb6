"""Which address patterns a click may open (A3.7). Pure: anything that could run as script is refused."""

import re
from typing import Final
from urllib.parse import urlsplit

PLACEHOLDERS: Final = frozenset({"phone", "lead_id"})
_SCHEMES: Final = {
    "sip": frozenset({"sip", "sips"}),
    "external": frozenset({"https", "http", "tel", "callto", "sip", "sips"}),
}
_ALLOWED: Final = re.compile(r"[A-Za-z0-9\-._~:/?#@!$&()*+,;=%\[\]{}]+")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


def why_refused(channel: str, pattern: str | None) -> str | None:
    """In words, or None when the pattern fits the channel."""
    if channel == "tel_link":
        return None if pattern is None else "A tel link needs no pattern."
    if pattern is None:
        return "An external channel needs a URL pattern." if channel == "external" else None
    if not _ALLOWED.fullmatch(pattern):
        return "The pattern has characters that a URL cannot have."
    if set(_PLACEHOLDER.findall(pattern)) - PLACEHOLDERS or set("{}") & set(_PLACEHOLDER.sub("", pattern)):
        return "The pattern may hold {phone} and {lead_id} and no other placeholder."
    if "{phone}" not in pattern:
        return "The pattern needs {phone} where the number goes."
    return _address_refused(channel, pattern)


def _address_refused(channel: str, pattern: str) -> str | None:
    try:
        parts = urlsplit(pattern)
        host = parts.hostname
    except ValueError:
        return "The pattern is no URL."
    if parts.scheme.lower() not in _SCHEMES[channel]:
        return f"The pattern has to begin with one of {', '.join(sorted(_SCHEMES[channel]))}."
    if parts.scheme.lower() in {"http", "https"} and (not host or "@" in parts.netloc or "{" in parts.netloc):
        return "The pattern has to name one host, without log-in and without placeholders in it."
    return None
