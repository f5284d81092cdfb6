"""Tokens of sessions and of programs, and what is derived from them: pure."""

import hashlib
import hmac
import ipaddress
import secrets

# Never `lw_`: with that, partner keys begin.
PREFIX = "ses_"
PROGRAM_PREFIX = "lwt_"


def new_token(prefix: str = PREFIX) -> str:
    return prefix + secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """What is stored: 32 random bytes need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def csrf_token(token: str) -> str:
    """Bound to the session: one that was planted beside it does not fit."""
    return hashlib.sha256(f"csrf {token}".encode()).hexdigest()


def csrf_fits(token: str, given: str) -> bool:
    return hmac.compare_digest(csrf_token(token).encode(), given.encode())


def account_target(email: str) -> bytes:
    return hashlib.sha256(f"account {email}".encode()).digest()


def address_target(address: str) -> bytes:
    """One household or server has a whole /64 of IPv6 to guess from."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        parsed = None
    if isinstance(parsed, ipaddress.IPv6Address):
        address = str(ipaddress.ip_network((parsed, 64), strict=False))
    return hashlib.sha256(f"address {address}".encode()).digest()
