"""P8, P9, P10 and P14: the whole platform in split mode, as its callers see it."""

import asyncio
from dataclasses import replace
from typing import Any

from embedded import PostgresServer
from harness.api import Api, client
from harness.centre import make_centre
from harness.platform import Platform, running_platform

from performance.at_rest import SETTLED_SECONDS, split_memory
from performance.figures import Figure, Run, Target
from performance.platform_load import ENDS, Shift, run_apart

AGENTS = 16
PARTNERS = 2
RANGE = 1_000_000  # of numbers of leads, for each shift


async def measure(run: Run) -> list[Figure]:
    with running_platform("split") as platform:
        await asyncio.sleep(SETTLED_SECONDS)
        memory = split_memory(platform)
        shift = await _prepared(platform)
        rest = await run_apart(replace(shift, probes=run.pick(200, 20)))
        full = replace(shift, first=RANGE, warm_up=run.pick(5, 2), seconds=run.pick(30, 3))
        sustained = await run_apart(full)
        half = await run_apart(
            replace(
                full, first=2 * RANGE, seconds=run.pick(12, 3), rate=sustained["rate"] / 2, probes=run.pick(100, 10)
            )
        )
    return [
        _claimable("P8 pushed → claimable, at rest, p99", rest, Target(first=300, goal=60, at_most=True)),
        _claimable("P8 pushed → claimable, half load, p99", half, Target(first=2000, goal=300, at_most=True)),
        *_sustained(sustained, run),
        *memory,
    ]


async def _prepared(platform: Platform) -> Shift:
    async with client(platform.url) as http:
        api = Api(http)
        centre = await make_centre(api, partners=PARTNERS, agents=AGENTS)
        aside = await make_centre(api, partners=1, agents=0)
    postgres = PostgresServer(platform.data_dir / "postgres")
    return Shift(
        port=platform.port,
        partners=[partner.headers for partner in centre.partners],
        agents=[agent.headers for agent in centre.agents],
        project_id=centre.project_id,
        disposition_id=centre.disposition_id,
        admin=centre.admin.headers,
        probe_project_id=aside.project_id,
        databases={key: postgres.dsn(f"leadwire_{key}") for key in ENDS},
        processes=platform.processes(),
        first=0,
    )


def _claimable(case: str, seen: dict[str, Any], target: Target) -> Figure:
    times = seen["claimable_ms"]
    return Figure(
        case=case,
        product=times[len(times) * 99 // 100],
        unit="ms",
        target=target,
        details={"p50 ms": times[len(times) // 2], "leads": len(times)},
    )


def _sustained(seen: dict[str, Any], run: Run) -> list[Figure]:
    single = next((figure.product for figure in run.figures if figure.case.startswith("P1 ")), None)
    details = {
        "leads under way before": seen["backlog_before"],
        "after": seen["backlog_after"],
        "all finished after s": seen["drained_s"],
        "slowest": seen["laggard"],
    }
    cpu = seen["cpu_us"]
    return [
        Figure(
            case="P9 sustained, split: push to last effect",
            product=seen["rate"],
            unit="leads/s",
            limit=single,
            limit_name="P1" if single else "",
            target=Target(first=0.05, goal=0.20) if single else None,
            details=details,
        ),
        Figure(
            case="P10 CPU a lead, all processes",
            product=sum(cpu.values()) / 1000,
            unit="ms",
            details={f"{name} µs": spent for name, spent in sorted(cpu.items(), key=lambda each: -each[1])},
        ),
    ]
