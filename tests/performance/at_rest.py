"""P14 and P15: what the platform needs while nothing happens, and how soon it is there again."""

import asyncio
import statistics
import time
from pathlib import Path

import psutil
from harness.platform import Platform

from performance.figures import Figure, Run, Target
from performance.machines import cpu_seconds, temporary_folder

MEGABYTE = 1_000_000
SETTLED_SECONDS = 5
SERVERS = ("postgres", "rabbitmq", "nginx", "mail-sink")


async def measure(run: Run) -> list[Figure]:
    with temporary_folder() as folder:
        return await asyncio.to_thread(_embedded, folder, run)


def _embedded(folder: Path, run: Run) -> list[Figure]:
    platform = Platform(folder, "embedded")
    first = _start(platform)
    try:
        time.sleep(SETTLED_SECONDS)
        database = _tree(platform.processes()["postgres"])
        memory = {"leadwire": proportional([psutil.Process(platform.pid)]), "postgres": proportional(database)}
        busy = _busy([psutil.Process(platform.pid), database[0]])
    finally:
        platform.stop()
    again = [_restart(platform) for _ in range(run.rounds)]
    return [
        Figure(
            case="P14 memory at rest, embedded, all",
            product=sum(memory.values()),
            unit="MB",
            target=Target(first=450, goal=300, at_most=True),
            details={**memory, "busy % of a core": busy},
        ),
        Figure(
            case="P15 second start to ready, embedded",
            product=statistics.median(again),
            unit="s",
            target=Target(first=6, goal=3, at_most=True),
            details={"first start s": first},
        ),
    ]


def _start(platform: Platform) -> float:
    began = time.perf_counter()
    platform.start()
    return time.perf_counter() - began


def _restart(platform: Platform) -> float:
    try:
        return _start(platform)
    finally:
        platform.stop()


def _busy(processes: list[psutil.Process]) -> float:
    before, began = cpu_seconds(*processes), time.perf_counter()
    time.sleep(SETTLED_SECONDS)
    return 100 * (cpu_seconds(*processes) - before) / (time.perf_counter() - began)


def split_memory(platform: Platform) -> list[Figure]:
    """Of each process of a platform in split mode, which is at rest."""
    services = {name: proportional(_tree(pid)) for name, pid in platform.processes().items() if name not in SERVERS}
    servers = {name: proportional(_tree(pid)) for name, pid in platform.processes().items() if name in SERVERS}
    busy = _busy([psutil.Process(pid) for pid in platform.processes().values()])
    largest = max(services, key=lambda name: services[name])
    return [
        Figure(
            case="P14 memory at rest, split, largest",
            product=services[largest],
            unit="MB",
            target=Target(first=130, goal=90, at_most=True),
            details={"it is": largest, **services, **servers, "busy % of a core, all": busy},
        )
    ]


def _tree(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def proportional(processes: list[psutil.Process]) -> float:
    """Megabytes: pages that several share count in parts (PSS), or in full (RSS) where the system does not tell."""
    return sum(_proportional(process) for process in processes) / MEGABYTE


def _proportional(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except (psutil.AccessDenied, AttributeError):
        return process.memory_info().rss
