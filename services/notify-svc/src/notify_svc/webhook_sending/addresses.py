"""Where we connect to for somebody else: pure rules, asked at every attempt.

Only addresses of the public internet, and none in a form that leads to another one (IPv4 inside IPv6).
"""

from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal
from urllib.parse import urlsplit

Reach = Literal["public", "loopback"]
MAX_URL = 2000
# A webhook to a mail or database port would speak HTTP to something that takes it for its own commands.
_LOW_PORTS = {80, 443}

# What `is_global` lets pass although it is special: a cloud's own services, and relays to other addresses.
_REFUSED_V4 = [IPv4Network(net) for net in ("168.63.129.16/32", "192.88.99.0/24", "192.0.0.0/24", "224.0.0.0/3")]
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = [IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]


class UrlRefused(ValueError):
    """Its text says what is wrong, without the URL."""


def check_url(url: str, reach: Reach) -> None:
    """Raises UrlRefused. What the name means is decided anew at every attempt."""
    if len(url) > MAX_URL or not url.isascii() or any(c <= " " or c == "\x7f" or c in '\\"<>`{}|^' for c in url):
        raise UrlRefused("The URL has characters that a URL has not, or is too long.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlRefused("This is not a URL.") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and reach == "loopback"):
        raise UrlRefused("The URL must begin with https://.")
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        raise UrlRefused("The URL must have a host, and neither a user, a password nor a fragment.")
    if port is not None and (port == 0 or (port < 1024 and port not in _LOW_PORTS)):
        raise UrlRefused("This port is none where a webhook is received.")
    if _is_address(parts.hostname) and refusal([parts.hostname], reach, encrypted=parts.scheme == "https"):
        raise UrlRefused("This address is none where a webhook is received.")


def refusal(addresses: Sequence[str], reach: Reach, *, encrypted: bool) -> str | None:
    """Why nothing is sent to a host that has these addresses; None: it may be. One bad address is enough."""
    if not addresses:
        return "address-unknown"
    if all(reach == "loopback" and is_loopback(address) for address in addresses):
        return None
    if not all(is_public(address) for address in addresses):
        return "address-not-allowed"
    return None if encrypted else "not-encrypted"


def is_public(address: str) -> bool:
    try:
        v4 = IPv4Address(address)
    except AddressValueError:
        return _is_public_v6(address)
    return v4.is_global and not any(v4 in net for net in _REFUSED_V4)


def is_loopback(address: str) -> bool:
    return _is_address(address) and ip_address(address).is_loopback


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_public_v6(address: str) -> bool:
    """IPv4-mapped, NAT64 and site-local ones are outside 2000::/3; a zone (`%eth0`) is never public."""
    try:
        v6 = IPv6Address(address)
    except AddressValueError:
        return False
    return v6.scope_id is None and v6 in _GLOBAL_V6 and not any(v6 in net for net in _REFUSED_V6)
