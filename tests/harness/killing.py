"""A run of partners and agents during which processes are killed."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from harness.centre import Centre
from harness.ledger import Hold, Ledger
from harness.people import lead
from harness.platform import Platform

IDLE_SECONDS = 0.05


@dataclass
class Run:
    """`leads` are pushed by the centre's partners and worked by its agents; `seed` decides who dies when."""

    centre: Centre
    leads: int
    seed: int
    ledger: Ledger = field(default_factory=Ledger)
    killed: list[str] = field(default_factory=list[str])

    @property
    def pushed(self) -> bool:
        return len(self.ledger.accepted) == self.leads

    @property
    def steps(self) -> int:
        return len(self.ledger.accepted) + len(self.ledger.closed)

    @property
    def finished(self) -> bool:
        return self.pushed and len(self.ledger.closed) == self.leads


async def push_share(run: Run, partner: int) -> None:
    """One partner's share of the leads, one after the other, each until it is answered."""
    api = run.centre.partners[partner]
    for number in range(partner, run.leads, len(run.centre.partners)):
        body = lead(number, run.centre.project_id, order={"number": f"O-{number}", "status": "partial"})
        answer = await api.post_until_answered("/v1/leads", body)
        if answer.status_code not in {200, 201} or answer.json()["status"] != "accepted":
            run.ledger.broken.append(f"{body['external_id']} was answered {answer.status_code}: {answer.text[:300]}")
            return
        run.ledger.accept(body["external_id"], answer.json()["id"])


async def work(run: Run, agent: int) -> None:
    """Claims, calls and closes leads until all are closed."""
    api = run.centre.agents[agent]
    clock = asyncio.get_running_loop().time
    while not run.finished and not run.ledger.broken:
        answer = await api.post_until_answered("/v1/queue/claim", {"project_id": run.centre.project_id})
        if answer.status_code == 204:
            await asyncio.sleep(IDLE_SECONDS)
            continue
        if answer.status_code != 200:
            run.ledger.broken.append(f"a claim was answered {answer.status_code}: {answer.text[:300]}")
            return
        since = clock()
        lead_id = answer.json()["work_item"]["lead_id"]
        token = str(answer.json()["lock"]["token"])
        item = f"/v1/work-items/{lead_id}"
        attempt = await api.post_until_answered(f"{item}/attempts", {"outcome": "answered"}, Lock_Token=token)
        if attempt.is_success:
            run.ledger.attempts[lead_id] += 1
        how, path, body = _ending(run, lead_id)
        until = clock()
        end = await api.post_until_answered(f"{item}/{path}", body, Lock_Token=token)
        if not (attempt.is_success and end.is_success):
            run.ledger.broken.append(f"{lead_id}: attempt {attempt.text[:200]}, end {end.text[:200]}")
            return
        run.ledger.holds.append(Hold(lead_id, agent, since, until))
        run.ledger.closed[lead_id] = how


def _ending(run: Run, lead_id: str) -> tuple[str, str, dict[str, str]]:
    if lead_id[-1] in "02468acegkpsvxz":
        return "converted", "convert", {}
    return "resolved", "resolve", {"disposition_id": run.centre.disposition_id}


async def kill_split(run: Run, platform: Platform, spare: Sequence[str] = ("mail-sink",)) -> None:
    """SIGKILL to every process of the platform at least once, in an order that the seed decides, while leads move.

    The next one waits until a lead has moved since the last: faster than a slow machine can start processes again,
    nothing but killing would happen.
    """
    random = Random(run.seed)
    names = [name for name in platform.processes() if name not in spare]
    while not run.finished and not run.ledger.broken:
        for name in random.sample(names, len(names)):
            pid = platform.processes().get(name)
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    run.killed.append(name)
            before = run.steps
            await asyncio.sleep(random.uniform(0.3, 1.2))
            while run.steps == before and not run.finished and not run.ledger.broken:  # noqa: ASYNC110 -- others move it
                await asyncio.sleep(IDLE_SECONDS)
        if run.pushed:
            return


async def kill_embedded(run: Run, platform: Platform, rounds: int = 3) -> None:
    """SIGKILL to PostgreSQL, then to the one process of the platform, which is started again each time."""
    random = Random(run.seed)
    for _ in range(rounds):
        await asyncio.sleep(random.uniform(0.5, 2.0))
        pid = platform.processes().get("postgres")
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            run.killed.append("postgres")
        await asyncio.sleep(random.uniform(1.0, 3.0))
        platform.kill()
        run.killed.append("leadwire")
        await asyncio.to_thread(platform.start)


async def run_until_finished(run: Run, killer: Coroutine[Any, Any, None], within: float) -> None:
    """All partners and agents at once, and the killer; raises TimeoutError when leads are left after `within` s."""
    async with asyncio.timeout(within), asyncio.TaskGroup() as group:
        for partner in range(len(run.centre.partners)):
            group.create_task(push_share(run, partner))
        for agent in range(len(run.centre.agents)):
            group.create_task(work(run, agent))
        group.create_task(killer)
