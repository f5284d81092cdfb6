"""How often a second PostgreSQL runs a transaction for many connections that do nothing else."""

import asyncio
import re
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from performance.machines import find_pgbench


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """The same for pgbench, whose client costs next to nothing, and for where there is none."""

    pgbench: str
    asyncpg: Callable[[Any], Awaitable[None]]


def tool() -> str:
    return "pgbench" if find_pgbench() else "asyncpg"


async def per_second(dsn: str, transaction: Transaction, clients: int, seconds: int) -> float:
    pgbench = find_pgbench()
    if pgbench is None:
        return await from_here(dsn, transaction.asyncpg, clients, seconds)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(transaction.pgbench)
        script.flush()
        options = ["-n", "-M", "prepared", "-f", script.name, "-c", str(clients), "-j", "2", "-T", str(seconds)]
        process = await asyncio.create_subprocess_exec(pgbench, *options, dsn, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
    return float(re.findall(rb"tps = ([0-9.]+)", output)[0])


async def from_here(dsn: str, run: Callable[[Any], Awaitable[None]], clients: int, seconds: float) -> float:
    """By asyncpg in this process, whose own work is part of the figure."""
    connections = [await asyncpg.connect(dsn) for _ in range(clients)]
    began = time.perf_counter()

    async def repeat(connection: Any) -> int:
        done = 0
        while time.perf_counter() - began < seconds:
            await run(connection)
            done += 1
        return done

    done = await asyncio.gather(*(repeat(connection) for connection in connections))
    took = time.perf_counter() - began
    for connection in connections:
        await connection.close()
    return sum(done) / took
