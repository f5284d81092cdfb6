"""Many at once: a lead is worked by at most one agent, whatever fails."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import asyncpg
import pytest_asyncio
from assignment_svc.app import build
from assignment_svc.queue.claims import store as claims
from assignment_svc.queue.claims.marks import CHEAP_WALK, START, Marks
from assignment_svc.settings import Settings
from assignment_svc.testing import CallCentre
from contracts.events.values import Person
from embedded import PostgresServer
from httpx2 import AsyncClient, HTTPError, Response
from pydantic import SecretStr
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest, http_client

AGENTS = [f"usr_{number:02d}" for number in range(64)]


async def _staff(centre: CallCentre) -> None:
    for agent_id in AGENTS:
        await centre.agent(agent_id)
    await centre.tick(*AGENTS)


async def _sound(service: ServiceUnderTest) -> None:
    """What must hold at every moment."""
    for what, query in {
        "two versions of one number": "SELECT lead_id FROM history GROUP BY lead_id, version HAVING count(*) > 1",
        "queued and not in the queue": (
            "SELECT lead_id FROM work_items w FULL JOIN queue q USING (lead_id)"
            " WHERE (w.state = 'queued') IS DISTINCT FROM (q.lead_id IS NOT NULL)"
        ),
        "counted wrongly": (
            "SELECT agent_id FROM agents a WHERE open_claims <>"
            " (SELECT count(*) FROM work_items w WHERE w.agent_id = a.agent_id AND w.state = 'claimed')"
        ),
        "told other than done": (
            "SELECT subject FROM outbox WHERE type LIKE 'assignment.lead.%' GROUP BY subject HAVING count(*) <>"
            " (SELECT count(*) FROM history h WHERE h.lead_id = subject AND h.event NOT LIKE '%\\_%')"
        ),
    }.items():
        assert await service.db.pool.fetch(query) == [], what


@pytest_asyncio.fixture(loop_scope="session")
async def other_http(service: ServiceUnderTest) -> AsyncGenerator[AsyncClient]:
    """A second API process over the same database: it shares no memory with the first."""
    app = await build(Settings(database_url=SecretStr(service.dsn), identity_keys=TEST_KEY_SET))
    try:
        async with http_client(app) as http:
            yield http
    finally:
        await app.close()


async def _claim_all(centre: CallCentre, *clients: AsyncClient) -> list[Response]:
    return await asyncio.gather(
        *(
            clients[number % len(clients)].post("/v1/queue/claim", json={}, headers=centre.as_agent(agent_id))
            for number, agent_id in enumerate(AGENTS)
        )
    )


async def test_64_concurrent_claims_never_give_one_lead_twice(
    centre: CallCentre, service: ServiceUnderTest, other_http: AsyncClient
):
    await _staff(centre)
    for number in range(50):
        await centre.lead(f"lead_{number:02d}")
    answers = await _claim_all(centre, service.http, other_http)
    given = [answer.json()["work_item"]["lead_id"] for answer in answers if answer.status_code == 200]
    assert Counter(answer.status_code for answer in answers)[200] == len(set(given)) <= 50
    rest = await _claim_all(centre, service.http)
    given += [answer.json()["work_item"]["lead_id"] for answer in rest if answer.status_code == 200]
    assert len(given) == len(set(given)) == 50, "whoever found nothing at the same moment finds the rest"
    await _sound(service)


async def test_e2_of_two_leads_with_one_number_one_is_worked_on(
    centre: CallCentre, service: ServiceUnderTest, other_http: AsyncClient
):
    """Twenty numbers, three leads each, asked for by 64 agents at once."""
    await _staff(centre)
    for number in range(60):
        await centre.lead(f"lead_{number:02d}", person=Person(phone=f"+3584012345{number % 20:02d}"))
    answers = await _claim_all(centre, service.http, other_http)
    answers += await _claim_all(centre, other_http, service.http)
    phones = [a.json()["work_item"]["person"]["phone"] for a in answers if a.status_code == 200]
    assert len(phones) == len(set(phones)) == 20
    await _sound(service)


async def test_the_cap_holds_for_claims_at_the_same_moment(
    centre: CallCentre, service: ServiceUnderTest, other_http: AsyncClient
):
    for number in range(12):
        await centre.lead(f"lead_{number:02d}")
    await service.db.pool.execute("UPDATE agents SET open_claims = 45")
    clients = (service.http, other_http)
    answers = await asyncio.gather(
        *(clients[n % 2].post("/v1/queue/claim", json={}, headers=centre.as_agent()) for n in range(12))
    )
    held = await service.db.pool.fetchval("SELECT count(*) FROM work_items WHERE state = 'claimed'")
    codes = Counter(answer.status_code for answer in answers)
    assert held == codes[200]
    first, second = (
        await service.db.pool.fetchval("SELECT open_claims FROM agents"),
        45 + held,
    )
    assert first == second
    assert codes[200] >= 5


async def test_a_claim_whose_client_hung_up_is_found_again(centre: CallCentre, service: ServiceUnderTest):
    """The answer is lost at any moment; the repeat with the same key gives the same lead, and no lead is lost."""
    await _staff(centre)
    for number in range(40):
        await centre.lead(f"lead_{number:02d}")

    async def hang_up(number: int) -> None:
        claim = asyncio.create_task(centre.claim(AGENTS[number], **{"Idempotency-Key": f"k{number}"}))
        await asyncio.sleep(number * 0.0007)
        claim.cancel()
        await asyncio.gather(claim, return_exceptions=True)

    await asyncio.gather(*(hang_up(number) for number in range(20)))
    first = [await centre.claim(AGENTS[number], **{"Idempotency-Key": f"k{number}"}) for number in range(20)]
    again = [await centre.claim(AGENTS[number], **{"Idempotency-Key": f"k{number}"}) for number in range(20)]
    assert [a.content for a in first] == [a.content for a in again]
    assert {a.status_code for a in first} == {200}
    await _sound(service)
    assert await service.db.pool.fetchval("SELECT count(*) FROM work_items WHERE state = 'claimed'") == 20


async def test_a_claim_whose_connection_died_is_answered_503_and_repeated(
    centre: CallCentre, service: ServiceUnderTest, postgres_server: PostgresServer
):
    """Connections are killed while agents claim and put back; what was committed and what not stays sound."""
    await _staff(centre)
    for number in range(64):
        await centre.lead(f"lead_{number:02d}")
    killer = await asyncpg.connect(postgres_server.dsn())
    name = await service.db.pool.fetchval("SELECT current_database()")

    async def kill() -> None:
        for _ in range(60):
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = $1 AND state <> 'idle' ORDER BY random() LIMIT 1",
                name,
            )
            await asyncio.sleep(0.02)

    async def work(agent_id: str) -> str:
        for attempt in range(200):
            try:
                answer = await centre.claim(agent_id, **{"Idempotency-Key": f"{agent_id}-only"})
            except HTTPError:
                continue
            if answer.status_code == 200:
                return answer.json()["work_item"]["lead_id"]
            assert answer.status_code in {409, 503}, (attempt, answer.text)
            await asyncio.sleep(0.01)
        raise AssertionError("it never succeeded")

    killing = asyncio.create_task(kill())
    try:
        given = await asyncio.gather(*(work(agent_id) for agent_id in AGENTS[:32]))
    finally:
        await killing
        await killer.close()
    assert len(set(given)) == 32
    await _sound(service)
    assert await service.db.pool.fetchval("SELECT count(*) FROM work_items WHERE state = 'claimed'") == 32


async def test_leads_wander_between_agents_supervisors_and_timers_and_none_is_lost(
    centre: CallCentre, service: ServiceUnderTest, other_http: AsyncClient
):
    """Claims, puttings-back, suppressions, deactivations and timers all at once."""
    from contracts.events.sponsor import QueueRules  # noqa: PLC0415

    await _staff(centre)
    await centre.project(queue=QueueRules(cool_down_minutes=0, max_attempts=100, status_after_request="queue"))
    for number in range(30):
        await centre.lead(f"lead_{number:02d}", person=Person(phone=f"+3584012345{number % 25:02d}"))

    async def agent(number: int) -> None:
        http, agent_id = (service.http, other_http)[number % 2], AGENTS[number]
        for turn in range(6):
            claimed = await http.post("/v1/queue/claim", json={}, headers=centre.as_agent(agent_id))
            if claimed.status_code == 200 and turn < 5:
                lead_id, token = claimed.json()["work_item"]["lead_id"], claimed.json()["lock"]["token"]
                headers = centre.as_agent(agent_id, token=token)
                released = await http.post(f"/v1/work-items/{lead_id}/release", json={}, headers=headers)
                assert released.status_code in {200, 404, 409, 423}, released.text

    async def others() -> None:
        for number in range(6):
            await centre.suppress("phone", f"+3584012345{number:02d}")
            await centre.agent(AGENTS[number], active=False)
            await centre.fire()

    await asyncio.gather(*(agent(number) for number in range(24)), others())
    await _sound(service)
    states = Counter(row[0] for row in await service.db.pool.fetch("SELECT state FROM work_items"))
    assert sum(states.values()) == 30
    assert states["suppressed"] == 6 + 5
    assert set(states) <= {"queued", "claimed", "suppressed"}
    live = await service.db.pool.fetch(
        "SELECT lock_key FROM locks l JOIN work_items w USING (lead_id) WHERE w.state <> 'claimed'"
    )
    assert live == []


async def test_dead_heads_are_walked_over_once_while_a_snapshot_is_open(
    centre: CallCentre, service: ServiceUnderTest, postgres_server: PostgresServer
):
    """P5: vacuum cannot come; the mark is used, and a better lead that comes later is still found."""
    await centre.lead("lead_first")
    await centre.claimed()
    await service.db.pool.execute(
        "INSERT INTO queue SELECT 'gone_' || n, 'prj_1', place_id, 2, n - 1e17, NULL"
        " FROM generate_series(1, 1000) n, (SELECT place_id FROM leads) p"
    )
    snapshot = await asyncpg.connect(service.dsn)
    await snapshot.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    await snapshot.fetchval("SELECT count(*) FROM queue")
    await service.db.pool.execute("DELETE FROM queue")
    for number in range(4):
        await centre.lead(f"lead_{number}")
    key = ("prj_1", await service.db.pool.fetchval("SELECT min(place_id) FROM queue"))
    async with service.db.unit_of_work() as work:
        heads, walked = await claims.read_heads(work, [key])
        assert walked > CHEAP_WALK
        marks = Marks()
        assert marks.of(key) == START
        await marks.look(work, [key])
        assert marks.of(key) == heads[key] != START
    assert (await centre.claimed())[0] == "lead_3"
    await centre.lead("lead_better", priority="high")
    given = {(await centre.claimed())[0] for _ in range(4)}
    assert given == {"lead_0", "lead_1", "lead_2", "lead_better"}
    await snapshot.close()
