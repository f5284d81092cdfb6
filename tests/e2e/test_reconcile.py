"""S0.12: what the operator sees: the statistics of a running platform equal a recount of all that happened on it."""

import asyncio
import subprocess
import sys
from typing import Any

from harness.centre import Centre
from harness.eventually import eventually
from harness.people import lead
from harness.platform import Platform

FAR_LATER_SECONDS = 60.0  # whatever other tests left is on its way, too


def reconcile(platform: Platform) -> str:
    command = [sys.executable, "-m", "leadwire", "reconcile", "--data-dir", str(platform.data_dir)]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


async def test_s0_12_reconcile_finds_every_figure_equal(centre: Any, platform: Platform) -> None:
    here: Centre = await centre(call_centre_validation=True)
    for number in (1, 2, 3):
        await here.partners[0].post("/v1/leads", lead(number, here.project_id))

    async def counted() -> bool:
        figures = await here.sponsor.get("/v1/statistics", sponsor_id=here.sponsor_id)
        assert figures["totals"]["received"] == figures["totals"]["held"] == 3
        return True

    await eventually(counted)

    async def equal() -> str:
        return await asyncio.to_thread(reconcile, platform)

    assert "all equal" in await eventually(equal, within=FAR_LATER_SECONDS)
