"""The worker's side: takes the oldest import that nobody holds, and goes on where the last one stopped."""

import asyncio
import contextlib
import hashlib
import logging
from collections import Counter
from dataclasses import dataclass

from asyncpg import Record
from contracts.events.intake import ImportCompletedV1
from lead_intake_svc.imports import store
from lead_intake_svc.imports.prepare_rows import Prepared, prepare_rows
from lead_intake_svc.imports.reading import Records, Unreadable
from lead_intake_svc.imports.rows import Plan
from lead_intake_svc.imports.settle_rows import LeaseLost, Progress, RowSettler, Seen
from lead_intake_svc.imports.shapes import zone_of
from lead_intake_svc.imports.workbook import MAX_ROWS
from lead_intake_svc.intake.admission import Admission
from lead_intake_svc.intake.candidate import Sender
from lead_intake_svc.intake.own_transaction import OwnTransaction
from lead_intake_svc.reference.cache import Reference
from messaging.database import Database
from servicekit.problems import DomainError
from servicekit.unavailable import UNAVAILABLE

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
BATCH_ROWS = 500
# An import stops while the relay is so far behind: what is pushed one by one is told of in time all the same.
BACKPRESSURE_EVERY = 10
CLEAN_EVERY_SECONDS = 600.0
WAITING_DAYS = 7


@dataclass(frozen=True)
class _Run:
    progress: Progress
    records: Records
    plan: Plan


class Importer:
    """`outbox_room`: rows of the outbox at which it pauses; `keep_days`: for which failed rows can be had."""

    def __init__(
        self, database: Database, reference: Reference, admission: Admission, *, outbox_room: int, keep_days: int
    ) -> None:
        self._database = database
        self._reference = reference
        self._admission = admission
        self._settler = RowSettler(database, OwnTransaction(database, reference))
        self._outbox_room = outbox_room
        self._keep_days = keep_days

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                worked = await self.work_once()
            except (*UNAVAILABLE, DomainError) as error:
                logger.warning("an import has to wait: %s", type(error).__name__)
                worked = False
            if not worked:
                await asyncio.sleep(POLL_SECONDS)

    async def keep_clean(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await store.clean_up(self._database.pool, WAITING_DAYS, self._keep_days)
            except UNAVAILABLE as error:
                logger.warning("old imports stay a while: %s", type(error).__name__)
            await asyncio.sleep(CLEAN_EVERY_SECONDS)

    async def work_once(self) -> bool:
        """Does all that is left of one import; False when there is none."""
        held = await store.claim(self._database.pool)
        if held is None:
            return False
        try:
            await self._import(held)
        except LeaseLost:
            logger.info("an import was cancelled, or is another worker's now")
        except BaseException:
            await asyncio.shield(_give_back(self._database, held))
            raise
        return True

    async def _import(self, held: Record) -> None:
        await self._reference.reload()
        run = await self._begin(held)
        if run is None:
            await self._finish(held, "project-gone", held["position"])
            return
        failure = None
        try:
            await self._go_on(run)
        except Unreadable as error:
            failure = error.code
        await self._finish(held, failure, run.progress.position)

    async def _begin(self, held: Record) -> _Run | None:
        project = self._reference.projects.get(held["project_id"])
        if project is None:
            return None
        checking = held["state"] == "checking"
        if checking:  # it stores nothing that could be counted twice, and remembers what it saw: from the start
            async with self._database.unit_of_work() as work:
                await store.forget_rows(work, held["id"])
                if not await store.restart(work, held):
                    raise LeaseLost
        pool, import_id = self._database.pool, held["id"]
        records = Records(lambda n: store.chunk(pool, import_id, n), held["encoding"], held["delimiter"])
        if held["options"]["has_header"]:
            await records.take(1)
        position = 0 if checking else held["position"]
        await records.skip_to(position)
        plan = Plan(
            columns=held["columns"],
            mapping=held["mapping"],
            project_id=held["project_id"],
            contact_list_id=held["contact_list_id"],
            region=project.region,
            zone=zone_of(held["options"]),
            id_prefix=id_prefix(held["file_hash"], held["project_id"]),
        )
        results = Counter[str]() if checking else Counter[str](held["results"])
        progress = Progress(held, results, Seen() if checking else None, position)
        return _Run(progress, records, plan)

    async def _go_on(self, run: _Run) -> None:
        """While a batch is being stored, the next one is prepared."""
        batches = 0
        prepared = await self._prepare(run)
        while prepared:
            settling = asyncio.create_task(self._settler.settle(run.progress, prepared))
            try:
                prepared = await self._prepare(run)
            finally:
                await settling
            batches += 1
            if batches % BACKPRESSURE_EVERY == 0 and run.progress.seen is None:
                await self._let_the_relay_catch_up(run.progress)

    async def _prepare(self, run: _Run) -> list[Prepared]:
        await self._reference.current()
        partner = self._reference.partners[run.progress.held["partner_id"]]
        if not (partner.active and partner.sells_leads):
            raise Unreadable("partner-inactive")
        if sum(run.progress.results.values()) >= MAX_ROWS:
            raise Unreadable("too-many-rows")
        rows = await run.records.take(BATCH_ROWS)
        return await prepare_rows(rows, run.plan, self._admission, Sender(partner, run.progress.held["test"]))

    async def _let_the_relay_catch_up(self, progress: Progress) -> None:
        while await store.outbox_length(self._database.pool) > self._outbox_room:
            async with self._database.unit_of_work() as work:
                if not await store.advance(work, progress.held, progress.position, 0, progress.results):
                    raise LeaseLost
            await asyncio.sleep(POLL_SECONDS / 4)

    async def _finish(self, held: Record, failure: str | None, position: int) -> None:
        state = "failed" if failure else "checked" if held["state"] == "checking" else "completed"
        async with self._database.unit_of_work() as work:
            row = await store.finish(work, held, state, failure, position)
            if row is None:
                raise LeaseLost
            if state != "checked":
                await store.forget_chunks(work, held["id"])
            if state == "completed":
                event = ImportCompletedV1(
                    import_id=row["id"],
                    partner_id=row["partner_id"],
                    project_id=row["project_id"],
                    rows=row["rows_done"],
                    actor=row["created_by"],
                    results=row["results"],
                )
                work.publish(event, sequence=row["version"])


def id_prefix(file_hash: bytes, project_id: str) -> str:
    """Of the `external_id` of rows that have none: the same file to the same project gives the same ids."""
    return hashlib.blake2b(file_hash + project_id.encode(), digest_size=10).hexdigest()


async def _give_back(database: Database, held: Record) -> None:
    with contextlib.suppress(*UNAVAILABLE):
        await store.give_back(database.pool, held)
