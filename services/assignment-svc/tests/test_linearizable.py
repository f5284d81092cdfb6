"""Claims are linearizable per lead, also when connections die and nobody knows whether a claim was made.

64 agents claim and put back over two API processes, while connections to the database are killed. Whoever gets no
answer asks what they have: the claim then happened, or did not, somewhere between the request and that answer. For each
lead an order of all claims and puttings-back must exist that respects who was done before whom began, and in which
nobody claims what somebody has.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
from assignment_svc.app import build
from assignment_svc.settings import Settings
from assignment_svc.testing import CallCentre
from contracts.events.sponsor import QueueRules
from embedded import PostgresServer
from httpx2 import AsyncClient, HTTPError, Response
from pydantic import SecretStr
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest, http_client

AGENTS = [f"usr_{number:02d}" for number in range(64)]
LEADS = 24
TURNS = 3
# On a busy machine everybody would be killed before they are done, for ever.
KILLS = 60


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody did to a lead, some time between `began` and `ended`."""

    lead_id: str
    agent_id: str
    claims: bool
    began: float
    ended: float


def linearizable(steps: Sequence[Step]) -> bool:
    """Wing and Gong's search over the steps of one lead: free, or somebody's."""
    order = sorted(steps, key=lambda step: step.began)
    dead_ends: set[tuple[frozenset[int], str | None]] = set()
    stack: list[tuple[frozenset[int], str | None]] = [(frozenset(range(len(order))), None)]
    while stack:
        left, holder = stack.pop()
        if not left:
            return True
        if (left, holder) in dead_ends:
            continue
        dead_ends.add((left, holder))
        first_end = min(order[number].ended for number in left)
        for number in left:
            step = order[number]
            if step.began <= first_end and holder == (None if step.claims else step.agent_id):
                stack.append((left - {number}, step.agent_id if step.claims else None))
    return False


def test_the_check_finds_what_it_is_for():
    def claim(agent: str, began: float, ended: float) -> Step:
        return Step("l", agent, claims=True, began=began, ended=ended)

    def back(agent: str, began: float, ended: float) -> Step:
        return Step("l", agent, claims=False, began=began, ended=ended)

    assert linearizable([claim("a", 0, 1), back("a", 2, 3), claim("b", 4, 5)])
    assert linearizable([claim("b", 0, 9), claim("a", 1, 2), back("a", 3, 4)]), "the slow one came last"
    assert not linearizable([claim("a", 0, 1), claim("b", 2, 3)]), "two have it"
    assert not linearizable([claim("a", 0, 1), claim("b", 2, 3), back("a", 4, 5)]), "it was not back yet"


@dataclass
class Floor:
    """The agents of one call centre, and what they did."""

    centre: CallCentre
    clients: tuple[AsyncClient, AsyncClient]
    steps: list[Step] = field(default_factory=list[Step])

    async def ask(self, agent_id: str, method: str, path: str, token: str | None = None) -> Response | None:
        """None: nobody knows what became of it."""
        client = self.clients[int(agent_id[-2:]) % 2]
        headers = self.centre.as_agent(agent_id, token=token)
        try:
            answer = await client.request(method, path, headers=headers, json={} if method == "POST" else None)
        except (HTTPError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return None
        return None if answer.status_code >= 500 else answer

    async def has(self, agent_id: str) -> list[str]:
        """Asked until there is an answer."""
        while True:
            answer = await self.ask(agent_id, "GET", f"/v1/agents/{agent_id}/assignments")
            if answer is not None:
                return [item["lead_id"] for item in answer.json()["data"]]

    async def work(self, agent_id: str) -> None:
        for _ in range(TURNS):
            began = time.monotonic()
            answer = await self.ask(agent_id, "POST", "/v1/queue/claim")
            if answer is not None and answer.status_code == 200:
                lead_id, token = answer.json()["work_item"]["lead_id"], answer.json()["lock"]["token"]
            elif answer is None and (found := await self.has(agent_id)):
                (lead_id,), token = found, "0"
            else:
                continue
            self.note(lead_id, agent_id, began, claims=True)
            await self.put_back(agent_id, lead_id, token)

    async def put_back(self, agent_id: str, lead_id: str, token: str) -> None:
        began, nobody_knows = time.monotonic(), False
        while True:
            answer = await self.ask(agent_id, "POST", f"/v1/work-items/{lead_id}/release", token)
            if answer is not None and answer.status_code == 200:
                break
            nobody_knows = nobody_knows or answer is None
            if lead_id not in await self.has(agent_id):
                assert nobody_knows, f"{agent_id} was given {lead_id}, did not put it back and has it no more"
                break
            lock = await self.ask(agent_id, "POST", f"/v1/work-items/{lead_id}/lock")
            token = lock.json()["token"] if lock is not None and lock.status_code == 200 else token
        self.note(lead_id, agent_id, began, claims=False)

    def note(self, lead_id: str, agent_id: str, began: float, *, claims: bool) -> None:
        self.steps.append(Step(lead_id, agent_id, claims, began, time.monotonic()))


async def _kill(server: PostgresServer, name: str, stop: asyncio.Event) -> int:
    killer = await asyncpg.connect(server.dsn())
    killed = 0
    while not stop.is_set() and killed < KILLS:
        killed += len(
            await killer.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = $1 AND state <> 'idle' ORDER BY random() LIMIT 1",
                name,
            )
        )
        await asyncio.sleep(0.03)
    await killer.close()
    return killed


async def test_claims_are_linearizable_though_connections_die(
    centre: CallCentre, service: ServiceUnderTest, postgres_server: PostgresServer
):
    for agent_id in AGENTS:
        await centre.agent(agent_id)
    await centre.tick(*AGENTS)
    await centre.project(queue=QueueRules(cool_down_minutes=0, max_attempts=10_000))
    for number in range(LEADS):
        await centre.lead(f"lead_{number:02d}")
    name = await service.db.pool.fetchval("SELECT current_database()")
    other = await build(Settings(database_url=SecretStr(service.dsn), identity_keys=TEST_KEY_SET))
    stop = asyncio.Event()
    killing = asyncio.create_task(_kill(postgres_server, name, stop))
    try:
        async with http_client(other) as http:
            floor = Floor(centre, (service.http, http))
            await asyncio.gather(*(floor.work(agent_id) for agent_id in AGENTS))
    finally:
        stop.set()
        killed = await killing
        await other.close()
    by_lead: dict[str, list[Step]] = defaultdict(list)
    for step in floor.steps:
        by_lead[step.lead_id].append(step)
    assert killed > 0
    assert sum(step.claims for step in floor.steps) > LEADS
    for lead_id, steps in by_lead.items():
        assert linearizable(steps), lead_id
    states = await service.db.pool.fetch("SELECT state, count(*) FROM work_items GROUP BY 1")
    assert [tuple(row) for row in states] == [("queued", LEADS)], "everything is back"
