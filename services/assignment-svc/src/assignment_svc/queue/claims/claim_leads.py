"""Claims for many agents at once, inside a transaction that somebody else commits."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from asyncpg import Record
from contracts.envelope import Trace
from contracts.events.assignment import LeadClaimedV1
from messaging.unit_of_work import UnitOfWork

from assignment_svc.callbacks import store as callbacks
from assignment_svc.callbacks.claim_due import claim_due
from assignment_svc.queue.claims import store
from assignment_svc.queue.claims.marks import START, Marks
from assignment_svc.queue.claims.store import Limits, Pair
from assignment_svc.queue.reference import Key, Reference
from assignment_svc.work_items.change import lead_ref
from assignment_svc.work_items.store import item_of

# How many rows at the head may be locked or blocked by others before the look goes deeper.
_SLACK: Final = 8
_DEEP: Final = (256, 1_000_000)
_PROMOTED_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    agent_id: str
    project_id: str | None = None
    trace: Trace = field(default_factory=Trace)


@dataclass(frozen=True, slots=True)
class NothingEligible:
    """`next_at`: when the next lead becomes eligible, if that is known."""

    next_at: datetime | None


Outcome = Record | NothingEligible


class ClaimDesk:
    """What a process remembers between claims."""

    def __init__(self, limits: Limits) -> None:
        self.reference = Reference()
        self.limits = limits
        self._marks = Marks()

    async def claim(self, work: UnitOfWork, requests: Sequence[ClaimRequest]) -> dict[str, Outcome]:
        """An outcome per agent; no agent may be in `requests` twice."""
        promised = await self.reference.refresh(work, [request.agent_id for request in requests])
        claimed = await self._keep_promises(work, requests, promised) if promised else {}
        left = [request for request in requests if request.agent_id not in claimed]
        claimed |= await self._serve(work, left, _SLACK)
        if len(claimed) < len(requests):
            claimed |= await self._look_deeper(work, [r for r in requests if r.agent_id not in claimed])
        outcomes: dict[str, Outcome] = {**claimed}
        for request in requests:
            if request.agent_id not in claimed:
                outcomes[request.agent_id] = NothingEligible(await self._next_at(work, request))
        return outcomes

    async def _keep_promises(
        self, work: UnitOfWork, requests: Sequence[ClaimRequest], promised: Sequence[str]
    ) -> dict[str, Record]:
        """A3.10: call-backs that are due come first. All agents are taken in the order in which a claim takes them."""
        await callbacks.lock_agents(work, [request.agent_id for request in requests])
        claimed: dict[str, Record] = {}
        for request in requests:
            if request.agent_id in promised:
                row = await claim_due(work, self.limits, request.agent_id, request.project_id, request.trace)
                claimed |= {} if row is None else {request.agent_id: row}
        return claimed

    async def _look_deeper(self, work: UnitOfWork, requests: Sequence[ClaimRequest]) -> dict[str, Record]:
        await store.promote_cooled(work, _PROMOTED_AT_ONCE)
        await self.reference.refresh(work)
        claimed: dict[str, Record] = {}
        for candidates in _DEEP:
            left = [request for request in requests if request.agent_id not in claimed]
            if left:
                claimed |= await self._serve(work, left, candidates, from_start=True)
        return claimed

    async def _serve(
        self, work: UnitOfWork, requests: Sequence[ClaimRequest], slack: int, *, from_start: bool = False
    ) -> dict[str, Record]:
        groups: dict[frozenset[str], list[ClaimRequest]] = defaultdict(list)
        for request in requests:
            ticked = self.reference.projects_of(request.agent_id, request.project_id)
            groups[ticked].append(request)
        claimed: dict[str, Record] = {}
        for project_ids, members in groups.items():
            now = datetime.now(UTC)
            keys = [key for project_id in sorted(project_ids) for key in self._open_keys(project_id, now)]
            if keys:
                await self._marks.look(work, keys)
                pairs = [self._pair(key, from_start=from_start) for key in keys]
                agents = [member.agent_id for member in members]
                rows = await store.claim(work, self.limits.cap, agents, pairs, slack + len(agents))
                claimed |= self._tell(work, rows, members)
        return claimed

    def _open_keys(self, project_id: str, now: datetime) -> list[Key]:
        return self.reference.open_keys(project_id, now) if self.reference.pulled(project_id) else []

    def _pair(self, key: Key, *, from_start: bool) -> Pair:
        mark = START if from_start else self._marks.of(key)
        return Pair(*key, self.reference.version_of(key[0]), mark)

    def _tell(self, work: UnitOfWork, rows: Sequence[Record], members: Sequence[ClaimRequest]) -> dict[str, Record]:
        traces = {member.agent_id: member.trace for member in members}
        heads: dict[Key, tuple[int, int]] = {}
        for row in rows:
            item = item_of(row)
            agent_id = row["agent_id"]
            event = LeadClaimedV1(lead=lead_ref(item), actor=agent_id, received_at=item.received_at, agent_id=agent_id)
            work.publish(event, sequence=item.version, trace=traces[agent_id])
            key, found = (item.project_id, row["place_id"]), (row["rank"], row["position"])
            if row["responsible"] is None:
                heads[key] = min(found, heads.get(key, found))
        self._marks.found(heads)
        return {row["agent_id"]: row for row in rows}

    async def _next_at(self, work: UnitOfWork, request: ClaimRequest) -> datetime | None:
        projects = self.reference.projects_of(request.agent_id, request.project_id)
        keys = [
            key
            for project_id in projects
            if self.reference.pulled(project_id)
            for key in self.reference.all_keys(project_id)
        ]
        now = datetime.now(UTC)
        instants: list[datetime] = []
        for waiting in await store.read_waiting(work, keys, request.agent_id) if keys else []:
            key = (waiting.project_id, waiting.place_id)
            opens = self.reference.opens_at(key, now) if waiting.has_ready else None
            cooled = self.reference.opens_at(key, waiting.cooled_at) if waiting.cooled_at else None
            instants += [instant for instant in (opens, cooled) if instant is not None and instant > now]
        return min(instants, default=None)
