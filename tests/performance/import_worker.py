"""A process that imports one file when it is told to on stdin, and says as JSON what that took and how much memory."""

import asyncio
import json
import re
import sys
import time
from pathlib import Path

import psutil
import uvloop
from lead_intake_svc.imports.run_imports import Importer
from lead_intake_svc.intake.admission import Admission
from lead_intake_svc.mail_domains.known import MailDomains
from lead_intake_svc.mail_domains.resolver import Resolver
from lead_intake_svc.reference.cache import Reference
from messaging.database import Database
from servicekit.server import settle_memory


async def main(dsn: str) -> None:
    database = await Database.connect(dsn, source="/leadwire/lead-intake-svc")
    reference = Reference(database)
    await reference.reload()
    resolver = Resolver("", 2.0)
    admission = Admission(reference, MailDomains(resolver))
    importer = Importer(database, reference, admission, outbox_room=10**9, keep_days=30)
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
        "above rest MiB": _peak_mib() - rest / 1024**2,
    }
    sys.stdout.write(json.dumps(seen) + "\n")
    await database.close()


def _peak_mib() -> float:
    """Not ru_maxrss: that remembers the size of the process that forked this one."""
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
