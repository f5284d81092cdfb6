"""How often a form may be posted: by everybody, and from one address."""

import hashlib
import hmac
from datetime import UTC, datetime

from asyncpg import Record
from messaging.database import Database
from servicekit.problems import DomainError, Kind

from lead_intake_svc.forms import store

EVERYBODY = ""


class FormLimits:
    """Counted in the database, so that it holds through all processes. Addresses are kept as keyed hashes."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        self._database = database
        self._pepper = pepper

    async def count(self, form: Record, address: str | None) -> None:
        """Raises 429."""
        limits = {EVERYBODY: form["per_minute"]}
        if address is not None:
            limits[self._hashed(address)] = form["per_minute_and_address"]
        seen = await store.hit(self._database, form["id"], list(limits))
        if any(seen[who] > limit for who, limit in limits.items()):
            left = 60 - datetime.now(UTC).second
            headers = {
                "Retry-After": str(left),
                "RateLimit-Policy": f'"form";q={form["per_minute"]};w=60',
                "RateLimit": f'"form";r=0;t={left}',
            }
            raise DomainError(Kind.TOO_MANY, "form-rate-limited", "The form is sent too often.", headers=headers)

    def _hashed(self, address: str) -> str:
        return hmac.digest(self._pepper, b"form address\0" + address.encode(), hashlib.sha256)[:12].hex()
