"""Tells open pages when their statistics change: one listener and one read for all that look at the same."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import dataclass, field

from asyncpg.pool import PoolConnectionProxy
from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.sight import start_apart
from servicekit.problems import DomainError, Kind

from sponsor_svc.statistics.question import Question
from sponsor_svc.statistics.read_statistics import read_live
from sponsor_svc.statistics.store import CHANNEL, CLOSE, EVERYBODY

logger = logging.getLogger(__name__)

PACE_SECONDS = 0.25  # at most four reads a second of each question, whatever happens
LOOK_SECONDS = 15.0  # notifications are hints: without one, this is when a change is seen
RECONNECT_SECONDS = 1.0
MOST_PAGES = 20  # of one who looks, in one process


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`id` changes when the counts do; `data` is JSON."""

    id: str
    data: str


class Viewer:
    """An open page. It sees the newest state: what it was too slow for is left out, never kept."""

    def __init__(self, holders: Collection[str] = ()) -> None:
        self.holders = frozenset(holders)
        self._changed = asyncio.Event()
        self._snapshot: Snapshot | None = None
        self.closed = False

    def close(self) -> None:
        """The page is to go away."""
        self.closed = True
        self._changed.set()

    def show(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._changed.set()

    @property
    def unseeing(self) -> bool:
        return self._snapshot is None

    async def next(self, seconds: float) -> Snapshot | None:
        """The newest state that it has not seen; None if nothing changed for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return None
        self._changed.clear()
        return self._snapshot


@dataclass(eq=False)
class _Topic:
    """A question, and who looks at its answer."""

    question: Question
    viewers: set[Viewer] = field(default_factory=set[Viewer])
    newest: Snapshot | None = None
    dirty: bool = True


class LiveStatistics:
    """Holds a connection while anybody looks, and none otherwise."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._topics: dict[Question, _Topic] = {}
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._missed = False

    @property
    def viewers(self) -> int:
        return sum(len(topic.viewers) for topic in self._topics.values())

    @contextlib.asynccontextmanager
    async def watching(self, question: Question, holders: Sequence[str] = ()) -> AsyncGenerator[Viewer]:
        """The viewer is shown the state first as it is from now on, then every change: a page that comes back has seen
        more, perhaps, than was known here. It is closed when one of `holders` loses rights; of the first of them, who
        looks, 20 pages are open at most. Raises 429.
        """
        if holders and len(self._held_by(holders[0])) >= MOST_PAGES:
            detail = "Too many live pages are open. Close one first."
            raise DomainError(Kind.TOO_MANY, "too-many-streams", detail, headers={"Retry-After": "30"})
        topic = self._topics.setdefault(question, _Topic(question))
        viewer = Viewer(holders)
        topic.viewers.add(viewer)
        topic.dirty = True
        self._woken.set()
        if self._task is None or self._task.done():
            self._task = start_apart(self._run())
        try:
            yield viewer
        finally:
            topic.viewers.discard(viewer)
            if not topic.viewers:
                self._topics.pop(question, None)
            if not self._topics:
                # Let go of it, too: whoever comes while it still ends must not rely on it.
                self._task.cancel()
                self._task = None

    def _held_by(self, holder: str | None) -> list[Viewer]:
        """None: those whom anybody holds."""
        viewers = (viewer for topic in self._topics.values() for viewer in topic.viewers)
        return [viewer for viewer in viewers if (holder in viewer.holders if holder else viewer.holders)]

    def _close(self, holder: str | None) -> None:
        for viewer in self._held_by(holder):
            viewer.close()

    async def _run(self) -> None:
        while True:
            try:
                async with self._database.pool.acquire() as connection, self._listening(connection):
                    await self._tell(connection)
            except DATABASE_TROUBLE as error:
                logger.warning("live statistics pause: %s", type(error).__name__)
                self._missed = True
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _tell(self, connection: PoolConnectionProxy) -> None:
        """Until the connection is lost. What changed before it was there is seen, too."""
        self._mark(None)
        if self._missed:
            # Whose rights were taken away meanwhile is not known: pages come back, and are looked at afresh.
            self._missed = False
            self._close(None)
        while not connection.is_closed():
            self._woken.clear()
            for topic in [topic for topic in self._topics.values() if topic.dirty]:
                await self._refresh(topic)
            await asyncio.sleep(PACE_SECONDS)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                self._mark(None)

    async def _refresh(self, topic: _Topic) -> None:
        topic.dirty = False
        viewers = tuple(topic.viewers)  # who comes while this is read is shown what is read next
        async with self._database.unit_of_work(snapshot=True) as work:
            live = await read_live(work, topic.question)
        digest = hashlib.blake2b(live.model_dump_json(exclude={"as_of"}).encode(), digest_size=8).hexdigest()
        changed = topic.newest is None or topic.newest.id != digest
        if topic.newest is None or changed:
            topic.newest = Snapshot(digest, live.model_dump_json())
        for viewer in viewers:
            if changed or viewer.unseeing:
                viewer.show(topic.newest)

    def _mark(self, sponsors: frozenset[str] | None) -> None:
        """What these sponsors' events change; None: everything."""
        for topic in self._topics.values():
            if sponsors is None or topic.question.rows.concerns(sponsors):
                topic.dirty = True
        self._woken.set()

    @contextlib.asynccontextmanager
    async def _listening(self, connection: PoolConnectionProxy) -> AsyncGenerator[None]:
        def told(*message: object) -> None:
            payload = str(message[-1])
            if payload.startswith(CLOSE):
                self._close(payload.removeprefix(CLOSE))
            else:
                self._mark(None if payload == EVERYBODY else frozenset(payload.split(",")))

        def lost(_: object) -> None:
            self._woken.set()

        await connection.add_listener(CHANNEL, told)
        connection.add_termination_listener(lost)
        try:
            yield
        finally:
            if not connection.is_closed():
                connection.remove_termination_listener(lost)
                with contextlib.suppress(*DATABASE_TROUBLE):
                    await connection.remove_listener(CHANNEL, told)
