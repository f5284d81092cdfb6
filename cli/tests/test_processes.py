"""O7.1, guarantees.md: child processes are started again when they die, and end with the one that started them."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from leadwire import processes
from leadwire.processes import Program, Supervisor

# Says its pid, then waits; at SIGTERM it says so and ends.
CHILD = """
import os, signal, sys
def end(*_):
    print("ended", os.getpid(), flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("started", os.getpid(), os.environ.get("LEADWIRE_TOLD"), os.environ.get("LEADWIRE_LEAK"), flush=True)
while True:
    signal.pause()
"""
STUBBORN = CHILD.replace("signal.signal(signal.SIGTERM, end)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)")


async def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    supervisor.start(Program("child", [sys.executable, "-c", CHILD]))
    try:
        first = await _pid(tmp_path)
        os.kill(first, signal.SIGKILL)
        second = await _pid(tmp_path, lambda pid: pid != first)
        assert second != first
    finally:
        await supervisor.stop()


async def test_stop_lets_children_end_in_order(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    supervisor.start(Program("one", [sys.executable, "-c", CHILD]))
    supervisor.start(Program("two", [sys.executable, "-c", CHILD]))
    pids = [await _pid(tmp_path, name=name) for name in ("one", "two")]
    await supervisor.stop()
    for pid, name in zip(pids, ("one", "two"), strict=True):
        assert f"ended {pid}" in (tmp_path / f"logs/{name}.log").read_text()
        assert not psutil.pid_exists(pid)
    assert not (tmp_path / "processes.json").exists()


async def test_a_child_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.5)
    supervisor = Supervisor(tmp_path)
    supervisor.start(Program("child", [sys.executable, "-c", STUBBORN]))
    pid = await _pid(tmp_path)
    await supervisor.stop()
    assert not psutil.pid_exists(pid)


async def test_a_child_gets_its_own_settings_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWIRE_LEAK", "from another installation")
    supervisor = Supervisor(tmp_path)
    supervisor.start(Program("child", [sys.executable, "-c", CHILD], {"LEADWIRE_TOLD": "mine"}))
    try:
        pid = await _pid(tmp_path)
    finally:
        await supervisor.stop()
    assert f"started {pid} mine None" in (tmp_path / "logs/child.log").read_text()


async def _pid(folder: Path, fits: Callable[[int], bool] = lambda _: True, name: str = "child") -> int:
    """Of a child that has said that it started."""
    async with asyncio.timeout(20):
        while True:
            file, log = folder / "processes.json", folder / f"logs/{name}.log"
            pid = json.loads(file.read_text()).get(name) if file.exists() else None
            if pid is not None and fits(pid) and f"started {pid} " in log.read_text():
                return pid
            await asyncio.sleep(0.02)
