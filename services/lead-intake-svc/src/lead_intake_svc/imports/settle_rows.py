"""Prepared rows of a file, decided and stored together with the import's progress: exactly once."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
from asyncpg import Record
from lead_intake_svc.imports import store
from lead_intake_svc.imports.outcomes import FAILED, RowOutcome
from lead_intake_svc.imports.prepare_rows import Prepared, refused, refused_by
from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.intake.decide import Decided, Existing, Known, Match, decide_all
from lead_intake_svc.intake.group_commit import OPTIMISTIC_TRIES, TRIES
from lead_intake_svc.intake.own_transaction import OwnTransaction
from lead_intake_svc.intake.settle import Raced, decide_and_write
from lead_intake_svc.intake.store import lock_guard, look_up
from lead_intake_svc.revisions.revise_lead import revise_lead
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError
from servicekit.unavailable import UNAVAILABLE, unavailable

# In a dry run, the lead that an earlier row of the file would have become.
_EARLIER_ROW = "earlier row"
logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """The import is another worker's now, or was cancelled: nothing of this batch is committed."""


@dataclass
class Seen:
    """What a dry run remembers of the rows before, as hashes: nothing is stored that could be looked up."""

    external: set[int] = field(default_factory=set[int])
    identities: set[int] = field(default_factory=set[int])
    replaced: set[str] = field(default_factory=set[str])


@dataclass
class Progress:
    """`held` is the import as it was claimed; the rest is what has been committed since."""

    held: Record
    results: Counter[str]
    seen: Seen | None
    position: int = 0


class RowSettler:
    def __init__(self, database: Database, alone: OwnTransaction) -> None:
        self._database = database
        self._alone = alone

    async def settle(self, progress: Progress, batch: Sequence[Prepared]) -> None:
        """Raises LeaseLost. A row that cannot be stored fails alone."""
        try:
            await self._try(progress, batch)
        except (*UNAVAILABLE, DomainError, LeaseLost):
            raise
        except Exception as error:
            if len(batch) > 1:
                middle = len(batch) // 2
                await self.settle(progress, batch[:middle])
                await self.settle(progress, batch[middle:])
            elif batch[0].candidate is None:
                raise
            else:
                logger.error("a row could not be stored: %s", type(error).__name__)  # noqa: TRY400 -- no values in logs
                await self._try(progress, [refused(batch[0].row, "lead-not-storable", "The row cannot be stored.")])

    async def _try(self, progress: Progress, batch: Sequence[Prepared]) -> None:
        for tried in range(TRIES):
            try:
                async with self._database.unit_of_work() as work:
                    if tried >= OPTIMISTIC_TRIES:
                        await lock_guard(work.connection)
                    outcomes = await self._outcomes(work, progress, batch)
                    results = progress.results + Counter(outcome.result for outcome in outcomes)
                    await store.keep_rows(work, progress.held["id"], outcomes)
                    position = batch[-1].row.line
                    if not await store.advance(work, progress.held, position, len(batch), results):
                        raise LeaseLost
            except (Raced, asyncpg.UniqueViolationError):
                continue
            progress.results, progress.position = results, position
            self._database.outbox_filled()
            return
        raise unavailable()

    async def _outcomes(self, work: UnitOfWork, progress: Progress, batch: Sequence[Prepared]) -> list[RowOutcome]:
        candidates = [prepared.candidate for prepared in batch if prepared.candidate is not None]
        if progress.seen is not None:
            decisions = await self._foreseen(work, progress.seen, await _would_be(work, progress.seen, candidates))
        else:
            decisions = await self._stored(work, progress.held, candidates)
        decided = iter(decisions)
        return [_outcome(prepared, None if prepared.candidate is None else next(decided)) for prepared in batch]

    async def _foreseen(
        self, work: UnitOfWork, seen: Seen, decisions: Sequence[Decided | RowOutcome]
    ) -> list[Decided | RowOutcome]:
        outcomes: list[Decided | RowOutcome] = []
        for each in decisions:
            if isinstance(each, RowOutcome) or not self._alone.needed(each.candidate):
                outcomes.append(each)
                continue
            try:
                outcomes.append(await self._alone.foresee(work, each, seen.replaced))
            except DomainError as error:
                if error.kind >= 500:
                    raise
                outcomes.append(RowOutcome(0, "invalid", None, refused_by(error)))
        return outcomes

    async def _stored(
        self, work: UnitOfWork, held: Record, candidates: Sequence[Candidate]
    ) -> list[Decided | RowOutcome]:
        if "external_id" in held["mapping"].values():
            names, prints = [c.external_id for c in candidates], [c.fingerprint for c in candidates]
            await store.set_aside_rejected(work.connection, held["partner_id"], names, prints)
        together = [candidate for candidate in candidates if not self._alone.needed(candidate)]
        found: list[Decided | Existing] = await decide_and_write(work.connection, self._database.source, together)
        decided = iter(found)
        update = held["options"]["on_existing"] == "update"
        outcomes: list[Decided | RowOutcome] = []
        for candidate in candidates:
            each = await self._by_itself(work, candidate) if self._alone.needed(candidate) else next(decided)
            outcomes.append(
                await _existing(work, each, candidate, update=update) if isinstance(each, Existing) else each
            )
        return outcomes

    async def _by_itself(self, work: UnitOfWork, candidate: Candidate) -> Decided | Existing | RowOutcome:
        """What comes in the stead of another, or is sold by a rule: it may be refused alone."""
        try:
            async with work.part():
                outcome = await self._alone.settle_in(work, candidate)
        except DomainError as error:
            if error.kind >= 500:
                raise
            return RowOutcome(0, "invalid", None, refused_by(error))
        assert isinstance(outcome, Decided | Existing)  # noqa: S101 -- the other outcomes belong to keys
        return outcome


async def _existing(work: UnitOfWork, existing: Existing, candidate: Candidate, *, update: bool) -> RowOutcome:
    if not update:
        return RowOutcome(0, "existing", existing.lead_id)
    try:
        async with work.part():
            _, changed = await revise_lead(work, existing.lead_id, candidate)
    except DomainError as error:
        if error.kind >= 500:
            raise
        return RowOutcome(0, "invalid", existing.lead_id, refused_by(error))
    return RowOutcome(0, "updated" if changed else "existing", existing.lead_id)


async def _would_be(work: UnitOfWork, seen: Seen, candidates: Sequence[Candidate]) -> list[Decided | RowOutcome]:
    """What would become of them: the earlier rows of the file count, though they are not stored."""
    now = datetime.now(UTC)
    known = await look_up(work.connection, candidates, now)
    existing, duplicates = dict(known.existing), dict(known.duplicates)
    for i, candidate in enumerate(candidates):
        kinds = candidate.project.duplicates.kinds
        identities = [hash(each) for each in candidate.identities if each[0].removeprefix("test-") in kinds]
        if hash(candidate.external_id) in seen.external:
            existing.setdefault(i, _EARLIER_ROW)
        elif any(identity in seen.identities for identity in identities):
            duplicates.setdefault(i, Match(_EARLIER_ROW, candidate.ref.partner_id))
    decisions = decide_all(
        candidates, Known(known.guard, existing, known.suppressed, duplicates, known.numbers, known.returned), now
    )
    for candidate, decision in zip(candidates, decisions, strict=True):
        seen.external.add(hash(candidate.external_id))
        if isinstance(decision, Decided):
            seen.identities.update(hash((row.kind, row.value)) for row in decision.identities)
    return [
        each
        if isinstance(each, Decided)
        else RowOutcome(0, "existing", None if each.lead_id == _EARLIER_ROW else each.lead_id)
        for each in decisions
    ]


def _outcome(prepared: Prepared, decision: Decided | RowOutcome | None) -> RowOutcome:
    line, cells = prepared.row.line, prepared.row.cells
    if decision is None:
        return RowOutcome(line, "invalid", None, prepared.problems, None if prepared.row.erased else cells)
    if isinstance(decision, RowOutcome):
        kept = cells if decision.result in FAILED else None
        return RowOutcome(line, decision.result, decision.lead_id, decision.problems, kept)
    kept = cells if decision.status in FAILED else None
    lead_id = decision.candidate.ref.lead_id
    return RowOutcome(line, decision.status, lead_id, decision.problems, kept)
