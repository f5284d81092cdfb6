"""How much more than at rest an API process takes for a file: uploaded, and exported with every lead there is."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx2
from embedded import free_port
from lead_intake_svc.testing import bearer, environment_for

from performance.machines import process

WARM = {"format": "csv", "columns": "phone", "external_id": "nobody"}


async def measure(dsn: str, key: str, content: bytes) -> dict[str, float]:
    """Each in a process of its own: what one takes is not the next one's rest."""
    upload: dict[str, Any] = {
        "data": {"project_id": "prj_a", "dry_run": "true", "again": "true"},
        "files": {"file": ("leads.csv", content)},
    }
    return {
        "upload MiB above rest": await _above_rest(dsn, key, "POST", "/v1/imports", **upload),
        "CSV export MiB above rest": await _above_rest(dsn, key, "GET", "/v1/leads/export?format=csv"),
        "XLSX export MiB above rest": await _above_rest(dsn, key, "GET", "/v1/leads/export?format=xlsx"),
    }


async def _above_rest(dsn: str, key: str, method: str, path: str, **body: Any) -> float:
    port = free_port()
    environment = {**environment_for(dsn), "LEADWIRE_HTTP_PORT": str(port)}
    with process(["-m", "lead_intake_svc", "api"], port, environment) as running:
        base = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=base, headers=bearer(key), timeout=600) as http:
            (await http.get("/v1/leads/export", params=WARM)).raise_for_status()
            rest = running.memory_info().rss / 1024**2
            async with http.stream(method, path, **body) as answer:
                answer.raise_for_status()
                async for _ in answer.aiter_bytes():
                    await asyncio.sleep(0)
        return _peak_mib(running.pid) - rest


def _peak_mib(pid: int) -> float:
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[0]) / 1024
