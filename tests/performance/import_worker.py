"""A process that imports one file when it is told to on stdin, and says as JSON what that took and how much memory."""

import asyncio
import json
import re
import sys
import time
from pathlib import Path

import psutil
import uvloop
from lead_intake_svc.app import build
from lead_intake_svc.settings import Settings
from servicekit.server import settle_memory


async def main() -> None:
    app = await build(Settings())  # pyright: ignore[reportCallIssue] -- its fields come from the environment
    await app.http.state.reference.reload()
    settle_memory()
    rest = psutil.Process().memory_info().rss
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    began, cpu = time.perf_counter(), time.process_time()
    await app.http.state.importer.work_once()
    seen = {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "above rest MiB": _peak_mib() - rest / 1024**2,
    }
    sys.stdout.write(json.dumps(seen) + "\n")
    await app.close()


def _peak_mib() -> float:
    """Not ru_maxrss: that remembers the size of the process that forked this one."""
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024


if __name__ == "__main__":
    uvloop.run(main())
