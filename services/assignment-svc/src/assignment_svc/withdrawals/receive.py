"""What intake says about returns, sales, consent and erasure. Kept for leads that are not here yet."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from contracts.events.intake import (
    ConsentRevokedV1,
    LeadSoldV1,
    ReturnAcceptedV1,
    ReturnContent,
    ReturnDeclinedV1,
    SaleReturnAcceptedV1,
)
from contracts.events.values import LeadRef
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from assignment_svc.timers.store import remind
from assignment_svc.withdrawals import rules, store
from assignment_svc.withdrawals.apply_facts import apply_facts

# A lead that is being stored at this moment sees nothing of the fact, and the fact nothing of the lead.
LOOK_AGAIN: Final = timedelta(seconds=3)
_STATUS: Final[dict[type[ReturnContent], str]] = {
    ReturnAcceptedV1: rules.FINAL,
    ReturnDeclinedV1: rules.CLOSED,
}


async def receive_returns(work: UnitOfWork, batch: Sequence[Received[ReturnContent]]) -> None:
    """Requested, disputed, accepted and declined alike: the last version of each return wins."""
    await take(
        work,
        [
            _fact(
                received.event.lead,
                (rules.RETURN, received.event.return_id),
                received.envelope.sequence,
                _STATUS.get(type(received.event), rules.OPEN_RETURN),
            )
            for received in batch
        ],
    )


async def receive_sales(work: UnitOfWork, batch: Sequence[Received[LeadSoldV1]]) -> None:
    await take(work, [_fact(r.event.lead, (rules.SALE, r.event.sale_id), 1, rules.FINAL) for r in batch])


async def receive_sale_returns(work: UnitOfWork, batch: Sequence[Received[SaleReturnAcceptedV1]]) -> None:
    """I2.24: the lead is worked again. The second thing that happens to a sale, whichever is heard first."""
    await take(work, [_fact(r.event.lead, (rules.SALE, r.event.sale_id), 2, rules.CLOSED) for r in batch])


async def receive_revocations(work: UnitOfWork, batch: Sequence[Received[ConsentRevokedV1]]) -> None:
    """I2.25: work stops at once."""
    await take(work, [_fact(r.event.lead, (rules.REVOCATION, r.event.lead.lead_id), 1, rules.FINAL) for r in batch])


async def take(work: UnitOfWork, facts: Sequence[dict[str, Any]]) -> None:
    newest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for fact in sorted(facts, key=lambda one: one["version"]):
        newest[fact["lead_id"], fact["fact"], fact["cause_id"]] = fact
    lead_ids = await store.store_facts(work, list(newest.values()))
    await apply_facts(work, lead_ids)
    await remind(work, "facts", lead_ids, LOOK_AGAIN)


def _fact(lead: LeadRef, about: tuple[str, str], version: int, status: str) -> dict[str, Any]:
    """`about`: what kind of fact, and which return, sale or revocation it is."""
    fact, cause_id = about
    return {"lead_id": lead.lead_id, "fact": fact, "cause_id": cause_id, "version": version, "status": status}
