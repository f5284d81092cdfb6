"""A process that imports one file when it is told to on stdin, and says as JSON what that took and how much memory."""

import asyncio
import json
import resource
import sys
import time

import psutil
import uvloop
from lead_intake_svc.imports.run_imports import Importer
from lead_intake_svc.reference.cache import Reference
from messaging.database import Database
from servicekit.server import settle_memory


async def main(dsn: str) -> None:
    database = await Database.connect(dsn, source="/leadwire/lead-intake-svc")
    reference = Reference(database)
    await reference.reload()
    importer = Importer(database, reference, outbox_room=10**9, keep_days=30)
    settle_memory()
    rest = psutil.Process().memory_info().rss
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    began, cpu = time.perf_counter(), time.process_time()
    await importer.work_once()
    seen = {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "above rest MiB": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - rest) / 1024**2,
    }
    sys.stdout.write(json.dumps(seen) + "\n")
    await database.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
