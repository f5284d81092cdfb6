"""Guarantees 1, 2 and 3 while every process is killed with SIGKILL under load.

`make faults` runs it in full: 2,000 leads, 4 partners, 8 agents, three seeds, both modes. `make test` takes a sample
(LEADWIRE_FAULT_LEADS and LEADWIRE_FAULT_SEEDS decide).
"""

import json
import os
import subprocess
import sys
from collections import Counter
from email import policy
from email.parser import BytesHeaderParser
from typing import Any

import pytest
from harness.api import Api, client
from harness.centre import make_centre
from harness.eventually import eventually
from harness.killing import Run, kill_embedded, kill_split, run_until_finished
from harness.ledger import Observed, violations
from harness.platform import Platform, running_platform

LEADS = int(os.environ.get("LEADWIRE_FAULT_LEADS", "300"))
SEEDS = [int(seed) for seed in os.environ.get("LEADWIRE_FAULT_SEEDS", "1").split(",")]
RUN_SECONDS = 120 + LEADS * 0.15
SETTLE_SECONDS = 120.0


@pytest.mark.timeout(2 * RUN_SECONDS + 300)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mode", ["embedded", "split"])
async def test_nothing_is_lost_doubled_or_worked_by_two(mode: str, seed: int) -> None:
    with running_platform(mode) as platform:
        async with client(platform.url) as http:
            centre = await make_centre(Api(http), partners=4, agents=8)
            run = Run(centre, LEADS, seed)
            killer = kill_split(run, platform) if mode == "split" else kill_embedded(run, platform)
            await run_until_finished(run, killer, RUN_SECONDS)
            assert run.ledger.broken == [], logged_exceptions(platform)
            assert len(set(run.killed)) >= (2 if mode == "embedded" else 10), run.killed

            async def settled() -> None:
                assert violations(run.ledger, await observe(run)) == []

            await eventually(settled, within=SETTLE_SECONDS)
            assert mails_in_the_sink(platform).keys() == set(await message_ids(centre.admin))
            assert dead_letters(platform) == []


async def observe(run: Run) -> Observed:
    admin = run.centre.admin
    leads = await admin.pages("/v1/leads", project_id=run.centre.project_id)
    mails: dict[str, list[str]] = {}
    for mail in await admin.pages("/v1/emails"):
        mails.setdefault(mail["lead_id"], []).append(mail["state"])
    figures = await admin.get("/v1/statistics", project_id=run.centre.project_id)
    attempts: dict[str, int] = {}
    for lead_id in run.ledger.attempts:
        entries = (await admin.get(f"/v1/leads/{lead_id}/timeline"))["data"]
        attempts[lead_id] = sum(entry["event"] == "assignment.attempt.logged.v1" for entry in entries)
    return Observed(
        leads={lead["external_id"]: (lead["id"], lead["status"]) for lead in leads},
        attempts=attempts,
        mails=mails,
        totals=figures["totals"],
    )


async def message_ids(admin: Api) -> list[str]:
    return [mail["message_id"] for mail in await admin.pages("/v1/emails")]


def mails_in_the_sink(platform: Platform) -> "Counter[str]":
    parser = BytesHeaderParser(policy=policy.default)
    files = (platform.data_dir / "mail").glob("*.eml")
    return Counter(str(parser.parsebytes(file.read_bytes())["Message-ID"]) for file in files)


def logged_exceptions(platform: Platform) -> str:
    lines = [line for log in (platform.data_dir / "logs").glob("*.log") for line in log.read_text().splitlines()]
    return "\n".join(line for line in lines if '"exception"' in line)[-6000:]


def dead_letters(platform: Platform) -> list[Any]:
    command = [sys.executable, "-m", "leadwire", "dlq", "ls", "--data-dir", str(platform.data_dir), "--json"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(listed.stdout)
