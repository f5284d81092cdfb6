"""`leadwire doctor`: what is wrong with an installation, and what to do."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded import RabbitServer

from leadwire.operate.checks import check_broker, check_databases, check_ready
from leadwire.operate.environment import AMQP_URL
from leadwire.operate.findings import Finding, Verdict, fine
from leadwire.operate.where import Where
from leadwire.services import SERVICES, Service

_NO_BROKER = f"none named by {AMQP_URL}; in embedded mode messages travel inside the process"


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at; without a broker, messages travel inside one process."""

    databases: Mapping[Service, str]
    amqp_url: str | None
    ready_urls: Sequence[str]


def find_patient(where: Where, environment: Mapping[str, str], ready_urls: Sequence[str]) -> Patient:
    """Raises NoInstallation or SettingsMissing."""
    addresses = where.addresses(environment)
    if where.database_url is not None or where.is_described_by(environment):
        return Patient(addresses, environment.get(AMQP_URL), ready_urls)
    return Patient(addresses, _broker_of(where.data_dir), ready_urls or _ready_urls_of(where.data_dir))


async def examine(patient: Patient) -> list[Finding]:
    """In the order in which things depend on each other; the same words about one server once."""
    findings = await check_databases(patient.databases)
    findings += await check_broker(patient.amqp_url) if patient.amqp_url else [fine("broker", _NO_BROKER)]
    findings += await check_ready(patient.ready_urls)
    told: dict[tuple[str, Verdict], Finding] = {}
    for finding in findings:
        told.setdefault((finding.what, finding.verdict), finding)
    return list(told.values())


def exit_code(findings: Sequence[Finding]) -> int:
    return 1 if any(finding.verdict is Verdict.WRONG for finding in findings) else 0


def _processes_of(data_dir: Path) -> dict[str, int]:
    file = data_dir / "processes.json"
    return json.loads(file.read_text()) if file.exists() else {}


def _broker_of(data_dir: Path) -> str | None:
    folder = data_dir / "rabbitmq"
    if "rabbitmq" not in _processes_of(data_dir) or not folder.exists():
        return None
    return RabbitServer(folder, package_cache=data_dir / "packages").url()


def _ready_urls_of(data_dir: Path) -> list[str]:
    running = _processes_of(data_dir)
    split = [
        name for service in SERVICES for role in ("api", "worker") if (name := f"{service.name}-{role}") in running
    ]
    if split:
        ports = data_dir / "ports"
        return [f"http://127.0.0.1:{(ports / name).read_text()}/readyz" for name in split]
    url = data_dir / "url"
    return [f"{url.read_text()}/readyz"] if url.exists() else []


def run(where: Where, environment: Mapping[str, str], ready_urls: Sequence[str]) -> list[Finding]:
    return asyncio.run(examine(find_patient(where, environment, ready_urls)))
