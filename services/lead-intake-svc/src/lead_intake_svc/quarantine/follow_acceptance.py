"""What else follows when a lead that was not accepted at once is accepted: its replacement is told of (I2.22), and a
rule may sell it (I2.24).
"""

from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict

from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.reference.facts import SaleRule
from lead_intake_svc.replacements import store
from lead_intake_svc.replacements.replace_lead import Taker, take_slot, tell_replaced
from lead_intake_svc.sales.sell_lead import sell_by_rule
from lead_intake_svc.sales.store import rules_for


async def follow_acceptance(work: UnitOfWork, candidate: Candidate, *, held: bool) -> None:
    """Raises 409 when another lead has come in the stead of the same original meanwhile."""
    ref = candidate.ref
    if candidate.content.replacement_for is not None:
        await _stand_in(work, candidate, candidate.content.replacement_for)
    if not held:
        rules = [SaleRule(**row) for row in await rules_for(work, ref.project_id, ref.partner_id)]
        if rules:
            await sell_by_rule(work, ref.lead_id, rules)


async def _stand_in(work: UnitOfWork, candidate: Candidate, original_id: str) -> None:
    ref = candidate.ref
    original = await store.lock_original(work, ref.partner_id, original_id)
    if original is None:
        return
    taken = (await store.state_of(work, original["id"], candidate.identities)).replaced_by
    if taken is None:
        await take_slot(work, original, Taker(ref.lead_id, ref.partner_id))
    elif taken != ref.lead_id:
        raise conflict("replacement-exists", "The lead that this one was to replace has been replaced since.")
    await tell_replaced(work, original, ref.lead_id)
