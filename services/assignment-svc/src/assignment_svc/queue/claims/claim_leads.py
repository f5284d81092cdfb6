"""Claims for many agents at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from asyncpg import Record
from contracts.envelope import Envelope, Trace, blank
from contracts.events.assignment import LeadClaimedV1
from messaging.trace import outgoing
from messaging.unit_of_work import UnitOfWork

from assignment_svc.callbacks import store as callbacks
from assignment_svc.callbacks.claim_due import claim_due
from assignment_svc.queue.claims import store
from assignment_svc.queue.claims.marks import START, Marks
from assignment_svc.queue.claims.store import Limits, Look, Pair, Runs
from assignment_svc.queue.reference import Key, Reference

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
    """What a process remembers between claims. No agent may be in `requests` twice."""

    def __init__(self, limits: Limits, source: str) -> None:
        self.reference = Reference()
        self.limits = limits
        self._source = source
        self._marks = Marks()

    async def claim_at_once(self, pool: Runs, requests: Sequence[ClaimRequest]) -> dict[str, Record]:
        """Leads for those who can be served by what is remembered, in statements that commit by themselves."""
        return await self._serve(pool, requests, _SLACK, known=self.reference.version)

    async def claim(self, work: UnitOfWork, requests: Sequence[ClaimRequest]) -> dict[str, Outcome]:
        """An outcome per agent, inside a transaction that somebody else commits."""
        promised = await self.reference.refresh(work, [request.agent_id for request in requests])
        claimed = await self._keep_promises(work, requests, promised) if promised else {}
        left = [request for request in requests if request.agent_id not in claimed]
        served = await self._serve(work, left, _SLACK)
        claimed |= served
        if len(claimed) < len(requests):
            deeper = await self._look_deeper(work, [r for r in requests if r.agent_id not in claimed])
            served |= deeper
            claimed |= deeper
        if served:
            work.wrote_events()
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
        self,
        runs: Runs,
        requests: Sequence[ClaimRequest],
        slack: int,
        *,
        from_start: bool = False,
        known: int | None = None,
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
                await self._marks.look(runs, keys)
                pairs = [self._pair(key, from_start=from_start) for key in keys]
                asking = {member.agent_id: self._envelope(member.trace) for member in members}
                rows = await store.claim(runs, Look(self.limits.cap, asking, pairs, slack + len(asking), known))
                self._remember_heads(rows)
                claimed |= {row["agent_id"]: row for row in rows}
        return claimed

    def _open_keys(self, project_id: str, now: datetime) -> list[Key]:
        return self.reference.open_keys(project_id, now) if self.reference.pulled(project_id) else []

    def _pair(self, key: Key, *, from_start: bool) -> Pair:
        mark = START if from_start else self._marks.of(key)
        return Pair(*key, self.reference.version_of(key[0]), mark)

    def _envelope(self, trace: Trace) -> Envelope:
        return blank(LeadClaimedV1, source=self._source, trace=outgoing(LeadClaimedV1.type, trace))

    def _remember_heads(self, rows: Sequence[Record]) -> None:
        heads: dict[Key, tuple[int, int]] = {}
        for row in rows:
            key, found = (row["project_id"], row["place_id"]), (row["rank"], row["position"])
            if row["responsible"] is None:
                heads[key] = min(found, heads.get(key, found))
        self._marks.found(heads)

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
