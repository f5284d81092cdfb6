"""P1 and P2: leads pushed one by one and by the thousand, against the ordinary way and the limit of multi-row inserts.

`python tests/performance/intake_push.py [seconds] [rounds]` starts a PostgreSQL and both servers of its own.
"""

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil
from contracts.envelope import Trace
from contracts.events.sponsor import DuplicateRules, ProjectCreatedV1
from embedded import PostgresServer, free_port
from http_load import Figures, Load, run
from lead_intake_svc.app import build
from lead_intake_svc.testing import PARTNER, settings_for
from servicekit.keys import generate_signing_key, public_key_set
from servicekit.migrations import migrate

HERE = Path(__file__).parent
PEPPER = "the pepper of the benchmark, long enough for all"
BODY = json.dumps(
    {
        "external_id": "web-{n}",
        "project_id": "prj_bench",
        "first_name": "Maximilian",
        "last_name": "Mustermann",
        "phone": "+35840{n}",
        "email": "user{n}@example.com",
        "address": {"street": "Mannerheimintie 1", "postcode": "00100", "city": "Helsinki"},
        "consent": {
            "given_at": "2026-01-01T10:00:00Z",
            "text": "I agree to be called about this offer.",
            "ip": "192.0.2.7",
            "source_url": "https://example.com/offer",
        },
        "comments": "Asked to be called in the evening.",
        "custom": {"utm_source": "google", "utm_campaign": "autumn", "page": "/pricing"},
    }
).replace("+35840{n}", "+35840{n}")


def main() -> None:
    print(sys.argv)


if __name__ == "__main__":
    main()
