"""The benchmark works: two cases, small. Figures of a busy machine say nothing, so none is judged."""

import json
import os
import subprocess
import sys
from pathlib import Path

from performance.machines import ROOT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}


def test_bench_measures_relay_and_consumer(tmp_path: Path) -> None:
    """P6, P7: against servers of its own; every figure is a ratio to a limit of the same run."""
    output = tmp_path / "results.json"

    done = _bench("--quick", "--only", "P6,P7", "--output", str(output))

    assert done.returncode == 0, done.stderr
    relay, consumer = json.loads(output.read_text())["figures"]
    assert [relay["case"], consumer["case"]] == ["P6 relay", "P7 consumer"]
    for figure in (relay, consumer):
        assert figure["product"] > 0
        assert figure["ratio"] == figure["product"] / figure["limit"]
        assert figure["case"] in done.stdout
    assert str(output) in done.stdout


def test_bench_refuses_a_case_that_there_is_not(tmp_path: Path) -> None:
    done = _bench("--only", "P99", "--output", str(tmp_path / "results.json"))

    assert done.returncode == 2
    assert "P99" in done.stderr


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "performance.run", *arguments],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
