"""Partners and agents at work on a running platform, from a process of their own.

As a program it reads a Shift from its standard input and prints what was seen, both as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import uvloop
from harness.people import lead

from performance.lean_http import Caller
from performance.machines import cpu_seconds

PUSHERS = 8
WINDOW = 400  # leads under way, from the push to the last effect
IDLE_SECONDS = 0.01
LOOK_SECONDS = 0.25
POLL_SECONDS = 0.002
DRAIN_SECONDS = 60
Headers = Mapping[str, str]

# What has become of a lead in the service that hears of it last of its kind.
ENDS = {
    "sponsor": "SELECT coalesce(sum(resolved), 0)::bigint FROM counters WHERE dimension = 'project' AND grain = 'day'",
    "notify": "SELECT count(*) FROM emails WHERE state = 'sent'",
    "lead_intake": "SELECT count(*) FROM lead_progress WHERE work_state = 'resolved'",
}


@dataclass(frozen=True, kw_only=True)
class Shift:
    """`databases` are addresses by the services' keys, `rate` leads a second, without it as many as are finished.

    `probes` leads go to a project without agents, one after the other: how long until each may be claimed?
    """

    port: int
    partners: Sequence[Headers]
    agents: Sequence[Headers]
    project_id: str
    disposition_id: str
    admin: Headers
    probe_project_id: str
    databases: Mapping[str, str]
    processes: Mapping[str, int]
    first: int
    warm_up: float = 0
    seconds: float = 0
    rate: float | None = None
    probes: int = 0


@dataclass
class Seen:
    """Counts of the whole shift. `backlog` was pushed and is not finished; `finished` is what its laggard says."""

    pushed: int = 0
    finished: int = 0
    ends: dict[str, int] = field(default_factory=dict[str, int])
    claimable_ms: list[float] = field(default_factory=list[float])

    @property
    def backlog(self) -> int:
        return self.pushed - self.finished


class Work:
    def __init__(self, shift: Shift) -> None:
        self.shift = shift
        self.seen = Seen()
        self.pushing = True
        self.working = True
        self._began = time.perf_counter()

    async def push(self, number: int) -> None:
        """A partner's program: the next lead, as soon as one may go out."""
        caller = Caller(self.shift.port, self.shift.partners[number % len(self.shift.partners)])
        while self.pushing:
            if not self._may_push():
                await asyncio.sleep(IDLE_SECONDS)
                continue
            self.seen.pushed += 1
            body = lead(self.shift.first + self.seen.pushed, self.shift.project_id)
            status, answer = await caller.ask("POST", "/v1/leads", body)
            if status != 201 or answer["status"] != "accepted":
                raise RuntimeError(f"a push was answered {status}: {answer}")

    def _may_push(self) -> bool:
        if self.shift.rate is not None:
            return self.seen.pushed < (time.perf_counter() - self._began) * self.shift.rate
        return self.seen.backlog < WINDOW

    async def agent(self, headers: Headers) -> None:
        """Claims, logs a call, closes, again."""
        caller = Caller(self.shift.port, headers)
        while self.working:
            status, answer = await caller.ask("POST", "/v1/queue/claim", {"project_id": self.shift.project_id})
            if status == 204:
                await asyncio.sleep(IDLE_SECONDS)
                continue
            item = f"/v1/work-items/{answer['work_item']['lead_id']}"
            token = str(answer["lock"]["token"])
            called, _ = await caller.ask("POST", f"{item}/attempts", {"outcome": "answered"}, Lock_Token=token)
            closing = {"disposition_id": self.shift.disposition_id}
            closed, answer = await caller.ask("POST", f"{item}/resolve", closing, Lock_Token=token)
            if (called, closed) != (201, 200):
                raise RuntimeError(f"a call was answered {called}, its end {closed}: {answer}")

    async def watch(self) -> None:
        """Asks the databases how far the leads have come, all the time."""
        pools = {name: await asyncpg.connect(dsn) for name, dsn in self.shift.databases.items()}
        before = {name: await pools[name].fetchval(query) for name, query in ENDS.items()}
        while self.working:
            for name, query in ENDS.items():
                self.seen.ends[name] = await pools[name].fetchval(query) - before[name]
            self.seen.finished = min(self.seen.ends.values())
            await asyncio.sleep(LOOK_SECONDS)
        for pool in pools.values():
            await pool.close()

    async def probe(self) -> None:
        partner = Caller(self.shift.port, self.shift.partners[0])
        admin = Caller(self.shift.port, self.shift.admin)
        for number in range(self.shift.probes):
            body = lead(self.shift.first + 500_000 + number, self.shift.probe_project_id)
            status, answer = await partner.ask("POST", "/v1/leads", body)
            began = time.perf_counter()
            if status != 201:
                raise RuntimeError(f"a push was answered {status}: {answer}")
            while (await admin.ask("GET", f"/v1/work-items/{answer['id']}"))[0] == 404:  # noqa: ASYNC110 -- so does a browser
                await asyncio.sleep(POLL_SECONDS)
            self.seen.claimable_ms.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(5 * IDLE_SECONDS)


async def run(shift: Shift) -> dict[str, Any]:
    """Raises RuntimeError for an answer that is not expected, TimeoutError when leads do not come to their end."""
    work = Work(shift)
    measured: dict[str, Any] = {}
    async with asyncio.TaskGroup() as group:
        if shift.seconds:
            for number in range(PUSHERS):
                group.create_task(work.push(number))
            for headers in shift.agents:
                group.create_task(work.agent(headers))
            group.create_task(work.watch())
            await asyncio.sleep(shift.warm_up)
        probing = group.create_task(work.probe())
        if shift.seconds:
            measured = await _measured(work)
        await probing
        work.pushing = False
        if shift.seconds:
            measured["drained_s"] = await _drained(work)
        work.working = False
    return {**measured, "pushed": work.seen.pushed, "claimable_ms": sorted(work.seen.claimable_ms)}


async def _measured(work: Work) -> dict[str, Any]:
    cpu, finished, backlog = _cpu(work.shift), work.seen.finished, work.seen.backlog
    began = time.perf_counter()
    await asyncio.sleep(work.shift.seconds)
    leads, took = work.seen.finished - finished, time.perf_counter() - began
    after = _cpu(work.shift)
    return {
        "rate": leads / took,
        "backlog_before": backlog,
        "backlog_after": work.seen.backlog,
        "cpu_us": {name: (after[name] - cpu[name]) / max(1, leads) * 1e6 for name in cpu},
        "laggard": min(work.seen.ends, key=lambda name: work.seen.ends[name]),
    }


def _cpu(shift: Shift) -> dict[str, float]:
    return {name: cpu_seconds(psutil.Process(pid)) for name, pid in shift.processes.items()}


async def _drained(work: Work) -> float:
    began = time.perf_counter()
    async with asyncio.timeout(DRAIN_SECONDS):
        while work.seen.backlog:  # noqa: ASYNC110 -- a counter has no event
            await asyncio.sleep(IDLE_SECONDS)
    return time.perf_counter() - began


async def run_apart(shift: Shift) -> dict[str, Any]:
    pipe = asyncio.subprocess.PIPE
    tests = str(Path(__file__).parents[1])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "performance.platform_load", stdin=pipe, stdout=pipe, cwd=tests
    )
    output, _ = await process.communicate(json.dumps(asdict(shift)).encode())
    if process.returncode:
        raise RuntimeError("the load on the platform failed")
    return json.loads(output)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(uvloop.run(run(Shift(**json.load(sys.stdin))))))
