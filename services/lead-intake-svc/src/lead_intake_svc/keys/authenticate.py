"""Who holds the key of a request."""

import hmac
from datetime import UTC, datetime

from fastapi import Request
from lead_intake_svc.keys.key_format import digest, key_id_of
from lead_intake_svc.reference.cache import Reference
from lead_intake_svc.reference.facts import KeyFacts, PartnerFacts
from servicekit.identity import unauthenticated
from servicekit.problems import forbidden

WRITE = "leads.write"
READ = "leads.read"
SCOPES = (WRITE, READ)
_PREFIX = "Bearer "


class Authenticator:
    def __init__(self, reference: Reference, pepper: bytes) -> None:
        self._reference = reference
        self._pepper = pepper

    async def holder(self, request: Request, scope: str) -> KeyFacts:
        """Raises 401 for a key that is wrong, unknown or revoked, 403 for one without the scope."""
        text = request.headers.get("authorization", "")
        key_id = key_id_of(text[len(_PREFIX) :]) if text.startswith(_PREFIX) else None
        if key_id is None:
            raise unauthenticated("Send a valid partner key.")
        await self._reference.current()
        key = self._reference.keys.get(key_id)
        if key is None or key.partner_id not in self._reference.partners:
            await self._reference.reload()
            key = self._reference.keys.get(key_id)
        genuine = key is not None and hmac.compare_digest(key.digest, digest(self._pepper, text[len(_PREFIX) :]))
        if key is None or not genuine or (key.expires_at is not None and key.expires_at <= datetime.now(UTC)):
            raise unauthenticated("Send a valid partner key.")
        if scope not in key.scopes:
            raise forbidden("scope-missing", "The key does not have the scope for this.")
        self._reference.used(key.id)
        return key

    async def seller(self, request: Request) -> tuple[KeyFacts, PartnerFacts]:
        """The holder of a writing key, if that partner may sell leads now (I2.2)."""
        key = await self.holder(request, WRITE)
        return key, _selling(self._reference.partners[key.partner_id])

    async def selling(self, partner_id: str) -> PartnerFacts:
        """For who needs no key. Raises 403 as for one with a key."""
        await self._reference.current()
        if partner_id not in self._reference.partners:
            await self._reference.reload()
        return _selling(self._reference.partners[partner_id])


def _selling(partner: PartnerFacts) -> PartnerFacts:
    """I2.2."""
    if not partner.active:
        raise forbidden("partner-inactive", "The partner company is not active.")
    if not partner.sells_leads:
        raise forbidden("partner-cannot-sell", "The partner company does not sell leads.")
    return partner
