"""A process that imports one file when it is told to on stdin, and says as JSON what that took and how much memory."""

import asyncio
import json
import resource
import sys
import time

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
        "above rest MiB": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - rest) / 1024**2,
    }
    sys.stdout.write(json.dumps(seen) + "\n")
    await app.close()


if __name__ == "__main__":
    uvloop.run(main())
