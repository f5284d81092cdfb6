"""`python -m performance.run [--quick] [--only P1,P6] [--output FILE]`: measures, prints the table, writes JSON."""

import argparse
import gc
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import uvloop

from performance.figures import Figure, Run, table
from performance.machines import ROOT

Measure = Callable[[Run], Awaitable[list[Figure]]]


@dataclass(frozen=True)
class Group:
    """Cases that share servers. Some are not for `--quick`: their servers alone take longer than it may."""

    cases: Sequence[str]
    module: str
    in_quick: bool = True

    def measure(self) -> Measure:
        return import_module(f"performance.{self.module}").measure


GROUPS = (
    Group(("P1", "P2"), "intake"),
    Group(("P3",), "imports"),
    Group(("P4", "P5"), "claims"),
    Group(("P13",), "timers"),
    Group(("P11",), "dashboards"),
    Group(("P12",), "reports"),
    Group(("P6", "P7"), "messages"),
    Group(("N1",), "mails"),
    Group(("N2",), "hooks"),
    Group(("P14", "P15"), "at_rest", in_quick=False),
    Group(("P8", "P9", "P10"), "split", in_quick=False),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything could be measured, whatever the figures are: a benchmark is no test.

    What one group of cases raises is shown, and the others are measured all the same.
    """
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small round each: does the benchmark still work?")
    parser.add_argument("--only", default="", metavar="P1,P6", help="these cases, and those that share their servers")
    parser.add_argument("--output", type=Path, default=ROOT / "bench-results.json")
    options = parser.parse_args(arguments)
    only = {name.strip().upper() for name in options.only.split(",") if name.strip()}
    unknown = only - {case for group in GROUPS for case in group.cases}
    if unknown:
        parser.error(f"there is no case {', '.join(sorted(unknown))}")
    load = os.getloadavg()[0]
    sys.stderr.write(_disturbed(load))
    run = Run(options.quick)
    broken = [group for group in _chosen(only, quick=options.quick) if not _measured(run, group)]
    sys.stdout.write(table(run.figures) + "\n")
    _write(options.output, run.figures, load, quick=options.quick)
    sys.stdout.write(f"written to {options.output}\n")
    return 1 if broken else 0


def _chosen(only: set[str], *, quick: bool) -> list[Group]:
    if only:
        return [group for group in GROUPS if only & set(group.cases)]
    return [group for group in GROUPS if group.in_quick or not quick]


def _measured(run: Run, group: Group) -> bool:
    began = time.monotonic()
    sys.stderr.write(f"measuring {', '.join(group.cases)} … ")
    sys.stderr.flush()
    try:
        run.figures.extend(uvloop.run(group.measure()(run)))  # pyright: ignore[reportArgumentType] -- they are coroutines
    except Exception:  # noqa: BLE001 -- an hour of other figures must not be lost
        traceback.print_exc()
        return False
    finally:
        gc.unfreeze()
    sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
    return True


def _disturbed(load: float) -> str:
    cores = os.cpu_count() or 1
    if load < cores / 2:
        return ""
    return f"the machine is busy (load {load:.1f} on {cores} cores): ratios will be rough, latencies too long\n"


def _write(output: Path, figures: Sequence[Figure], load: float, *, quick: bool) -> None:
    machine = {
        "cores": os.cpu_count(),
        "load before": load,
        "system": platform.platform(),
        "python": platform.python_version(),
    }
    document = {"quick": quick, "machine": machine, "figures": [figure.as_json() for figure in figures]}
    output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
