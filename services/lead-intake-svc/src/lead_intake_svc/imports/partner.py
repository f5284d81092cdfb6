"""For which partner a caller sends files."""

from lead_intake_svc.reference.cache import Reference
from lead_intake_svc.reference.facts import PartnerFacts
from lead_intake_svc.scope import partners_of
from servicekit.identity import Identity
from servicekit.problems import forbidden, invalid


async def partner_for(caller: Identity, asked: str | None, reference: Reference) -> PartnerFacts:
    """Partners send for themselves, supervisors for any partner that sells leads now (I2.2).

    Raises 403, or 422 when a supervisor names none, or one that is not there.
    """
    own = partners_of(caller)
    if own is not None and asked not in {None, own}:
        raise forbidden("partner-foreign", "You send for your own company only.")
    partner_id = own or asked
    if partner_id is None:
        raise invalid("partner-missing", "Say for which partner.", "/partner_id")
    await reference.current()
    if partner_id not in reference.partners:
        await reference.reload()
    partner = reference.partners.get(partner_id)
    if partner is None:
        raise invalid("partner-unknown", "There is no such partner.", "/partner_id")
    if not partner.active:
        raise forbidden("partner-inactive", "The partner company is not active.")
    if not partner.sells_leads:
        raise forbidden("partner-cannot-sell", "The partner company does not sell leads.")
    return partner
