"""Leads that cannot share a commit with others: those that come in the stead of another (I2.22), and those that a
rule sells as soon as they are accepted (I2.24). The whole pipeline, in a transaction of their own.
"""

from collections.abc import Sequence

import asyncpg
import msgspec
from contracts.events.values import Problem
from lead_intake_svc.checks.problem import WARN
from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.intake.decide import Decided
from lead_intake_svc.intake.settle import Outcome, Raced, settle
from lead_intake_svc.reference.cache import Reference
from lead_intake_svc.reference.facts import SaleRule
from lead_intake_svc.replacements import store
from lead_intake_svc.replacements.replace_lead import (
    Taker,
    find_original,
    standing_in_for,
    take_slot,
    tell_replaced,
)
from lead_intake_svc.sales.rules import Offered
from lead_intake_svc.sales.sell_lead import sell_by_rule, would_be_sold
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict
from servicekit.unavailable import unavailable

_SOLD = Problem(code="sold-by-rule", level=WARN, detail="A rule sells this lead to a partner.")
TRIES = 20
OPTIMISTIC_TRIES = 4


class OwnTransaction:
    def __init__(self, database: Database, reference: Reference) -> None:
        self._database = database
        self._reference = reference

    def needed(self, candidate: Candidate) -> bool:
        return candidate.content.replacement_for is not None or bool(self._rules(candidate))

    async def settle(self, candidate: Candidate) -> Outcome:
        """Raises 422 for a lead that cannot be replaced by this one, 409 for one that cannot be replaced (any more)."""
        for tried in range(TRIES):
            try:
                outcome = await self._try(candidate, exclusive=tried >= OPTIMISTIC_TRIES)
            except (Raced, asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
                continue
            self._database.outbox_filled()
            return outcome
        raise unavailable()

    async def _try(self, candidate: Candidate, *, exclusive: bool) -> Outcome:
        """On a connection of its own: the rows of a batch are settled side by side."""
        async with self._database.pool.acquire() as connection, connection.transaction():
            work = UnitOfWork(connection, self._database.source)
            outcome = await self.settle_in(work, candidate, exclusive=exclusive)
            await work.flush()
            return outcome

    async def settle_in(self, work: UnitOfWork, candidate: Candidate, *, exclusive: bool = False) -> Outcome:
        """As `settle`, in the caller's transaction, and once. Raises Raced or UniqueViolationError, too."""
        ref, original = candidate.ref, None
        if candidate.content.replacement_for is not None and not await store.pushed_before(
            work, ref.partner_id, candidate.external_id
        ):
            original = await find_original(work, candidate)
            candidate = standing_in_for(candidate, original["id"])
        (outcome,) = await settle(work.connection, self._database.source, [candidate], exclusive=exclusive)
        if isinstance(outcome, Decided) and outcome.status != "rejected":
            if original is not None:
                await take_slot(work, original, Taker(ref.lead_id, ref.partner_id))
                if outcome.status == "accepted":
                    await tell_replaced(work, original, ref.lead_id)
            if outcome.status == "accepted" and not outcome.held:
                await sell_by_rule(work, ref.lead_id, self._rules(candidate))
        return outcome

    async def foresee(self, work: UnitOfWork, decided: Decided, replaced: set[str]) -> Decided:
        """What `settle_in` would make of it, for a dry run that stores nothing; raises as that does. `replaced` are the
        leads that earlier rows come in the stead of.
        """
        candidate = decided.candidate
        if candidate.content.replacement_for is not None:
            original = await find_original(work, candidate)
            if original["id"] in replaced:
                raise conflict("replacement-exists", "The lead has been replaced already.")
            if decided.status != "rejected":
                replaced.add(original["id"])
        offered = Offered(
            status=decided.status,
            own_state=None,
            work_state="held" if decided.held else None,
            rejected_in_validation=False,
            test=candidate.ref.test,
            partner_id=candidate.ref.partner_id,
        )
        if not await would_be_sold(work, self._rules(candidate), offered):
            return decided
        return msgspec.structs.replace(decided, problems=(*decided.problems, _SOLD))

    def _rules(self, candidate: Candidate) -> Sequence[SaleRule]:
        rules, ref = self._reference.sale_rules, candidate.ref
        return [rule for rule in rules if rule.wants(ref.project_id, ref.partner_id)] if rules else ()
