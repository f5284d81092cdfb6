"""The checks of `leadwire doctor`: each says what is wrong and what to do about it."""

import asyncio
import time
from collections.abc import Mapping, Sequence

import httpx2
from messaging.amqp.inspection import QueueState, inspect_queues
from messaging.amqp.names import UNROUTABLE
from servicekit.migrations import current_revision, known_revisions, newest_revision

from leadwire.errors import UNREACHABLE
from leadwire.operate import store
from leadwire.operate.findings import Finding, fine, look, wrong
from leadwire.operate.store import Server, Waiting
from leadwire.services import SERVICES, Service

OLDEST_POSTGRES = 15
MOST_SKEW_SECONDS = 2.0
OUTBOX_LATE_SECONDS = 60.0
READY_SECONDS = 10


async def check_databases(addresses: Mapping[Service, str]) -> list[Finding]:
    found = await asyncio.gather(*(_check_database(service, dsn) for service, dsn in addresses.items()))
    return [finding for findings in found for finding in findings]


async def check_broker(url: str) -> list[Finding]:
    """Reachable, complete, consumed."""
    try:
        queues = await inspect_queues(url, {service.name: service.subscriptions() for service in SERVICES})
    except UNREACHABLE as error:
        advice = (
            "Start RabbitMQ, or set LEADWIRE_AMQP_URL right; leads are accepted meanwhile and wait in the outboxes."
        )
        return [wrong("broker", f"cannot be reached: {_words(error)}", advice)]
    return judge_queues(queues)


async def check_ready(urls: Sequence[str]) -> list[Finding]:
    async with httpx2.AsyncClient(timeout=READY_SECONDS) as http:
        return list(await asyncio.gather(*(_check_ready(http, url) for url in urls)))


def judge_server(server: Server, now: float) -> list[Finding]:
    major, skew = server.version // 10_000, server.clock - now
    version = (
        fine("PostgreSQL", f"version {major}")
        if major >= OLDEST_POSTGRES
        else wrong("PostgreSQL", f"version {major}", f"Upgrade it to {OLDEST_POSTGRES} or later.")
    )
    clocks = (
        fine("clocks", f"this machine and PostgreSQL differ by {abs(skew):.2f} s")
        if abs(skew) <= MOST_SKEW_SECONDS
        else wrong("clocks", f"PostgreSQL is {skew:+.1f} s away from this machine", "Run NTP on both machines.")
    )
    return [version, clocks]


def judge_revision(service: Service, current: str | None) -> Finding:
    """A revision that this version does not know comes from a newer one, whose schema fits its predecessor too."""
    what, newest = f"{service.name} schema", newest_revision(service.package)
    if current == newest:
        return fine(what, f"at {newest}")
    if current is None or current in known_revisions(service.package):
        return wrong(what, f"at {current or 'nothing'} instead of {newest}", "Run leadwire migrate.")
    return look(what, f"at {current}, which is newer than this version", "Upgrade this service, or leave it so.")


def judge_waiting(service: Service, waiting: Waiting) -> list[Finding]:
    what, findings = f"{service.name} messages", list[Finding]()
    if waiting.dead_letters:
        advice = f"See leadwire dlq ls --service {service.name}; mend the cause, then leadwire dlq replay."
        findings.append(wrong(what, f"{waiting.dead_letters} dead letters wait for a decision", advice))
    if waiting.outbox_seconds > OUTBOX_LATE_SECONDS:
        words = f"the oldest event has waited {waiting.outbox_seconds:.0f} s to be published"
        findings.append(wrong(what, words, f"Is a worker of {service.name} running, and can it reach the broker?"))
    return findings or [fine(what, f"oldest event in the outbox {waiting.outbox_seconds:.1f} s, no dead letters")]


def judge_queues(queues: Sequence[QueueState]) -> list[Finding]:
    missing = [queue.name for queue in queues if queue.messages is None]
    idle = [queue for queue in queues if queue.work and queue.consumers == 0]
    lost = next((queue.messages for queue in queues if queue.name == UNROUTABLE), None)
    findings = [fine("broker", f"{len(queues) - len(missing)} queues")]
    if missing:
        words = f"{len(missing)} queues are missing: {', '.join(sorted(missing))}"
        findings.append(wrong("topology", words, "Run leadwire migrate."))
    findings += [
        wrong(queue.name, f"nobody consumes it, {queue.messages} messages wait", "Start the service's worker.")
        for queue in idle
    ]
    if lost:
        advice = "A service published events that the topology does not know: run leadwire migrate, then move them."
        findings.append(wrong(UNROUTABLE, f"{lost} messages that no queue wanted", advice))
    return findings


async def _check_database(service: Service, dsn: str) -> list[Finding]:
    what = f"{service.name} database"
    try:
        connection = await store.connect(dsn)
    except UNREACHABLE as error:
        return [wrong(what, f"cannot be reached: {_words(error)}", "Is PostgreSQL (leadwire up) running?")]
    try:
        before = time.time()
        server = await store.ask_server(connection)
        between = (before + time.time()) / 2
        findings = [fine(what, "answers"), *judge_server(server, between)]
        findings.append(judge_revision(service, await current_revision(connection)))
        return findings + (judge_waiting(service, await store.ask_waiting(connection)) if server.migrated else [])
    finally:
        await connection.close()


async def _check_ready(http: httpx2.AsyncClient, url: str) -> Finding:
    try:
        answer = await http.get(url)
    except httpx2.HTTPError as error:
        return wrong(url, f"does not answer: {type(error).__name__}", "Start it; its log says why it ended.")
    if answer.status_code == 200:
        return fine(url, "ready")
    return wrong(url, f"answers {answer.status_code}: {_failing(answer)}", "Mend what it names; it recovers by itself.")


def _failing(answer: httpx2.Response) -> str:
    if "json" not in answer.headers.get("content-type", ""):
        return "no reason given"
    return ", ".join(f"{name}: {words}" for name, words in answer.json().get("failing", {}).items())


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
