"""N1: many notifications, of which a fifth is put off at first: all reach a final state, memory stays flat, and the
mail server is what limits. Also as `python -m performance.mails`.
"""

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import psutil
import uvloop
from aiosmtplib import SMTP
from contracts.envelope import Trace
from contracts.events.values import LeadRef
from contracts.ids import new_uuid
from messaging.database import Database
from notify_svc.app import build_sender
from notify_svc.emails.queue_emails import NewEmail, queue_emails
from notify_svc.settings import Settings
from servicekit.testing import TEST_KEY_SET

from performance.figures import Figure, Run, Target, medians, table
from performance.hooks import SECRET_KEY
from performance.machines import create_service_database, postgres

SINK_MILLISECONDS = 40
CONNECTIONS = 8
DOMAINS = 50
PORTION = 1_000
MEGABYTE = 1_000_000
LOOK_SECONDS = 0.25
CONTENT = b"Subject: x\r\nMessage-ID: <bare@bench>\r\n\r\n" + b"y" * 1_500
FACTS: tuple[str, ...] = ("external_id", "received_at", "last_name", "comments")
FINAL = """
SELECT count(*) FILTER (WHERE state = 'sent') AS sent, count(*) FILTER (WHERE state = 'failed') AS failed FROM emails
"""


@contextmanager
def sink() -> Generator[int]:
    """Its port."""
    command = [sys.executable, "-m", "performance.smtp_sink", str(SINK_MILLISECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as started:
        try:
            assert started.stdout is not None
            yield int(started.stdout.readline())
        finally:
            started.terminate()


async def bare(port: int, mails: int) -> dict[str, float]:
    """As many connections, one ready-made mail, and nothing written down."""
    numbers = count(1)

    async def talk() -> None:
        client = SMTP(hostname="127.0.0.1", port=port, start_tls=False)
        await client.connect()
        while (number := next(numbers)) <= mails:
            await client.mail("bench@centre.example")
            await client.rcpt(f"{number}1@bench.example")
            await client.data(CONTENT)
        await client.quit()

    began = time.perf_counter()
    await asyncio.gather(*(talk() for _ in range(CONNECTIONS)))
    return {"rate": mails / (time.perf_counter() - began)}


async def queue(database: Database, mails: int) -> None:
    facts = dict.fromkeys(FACTS, "some words of a lead")
    for first in range(0, mails, PORTION):
        async with database.unit_of_work() as work:
            await queue_emails(work, [_mail(number, facts) for number in range(first, min(first + PORTION, mails))])


def _mail(number: int, facts: Mapping[str, str]) -> NewEmail:
    return NewEmail(
        cause_id=new_uuid(),
        template="purchase",
        recipient=f"{number}@domain{number % DOMAINS}.example",
        lead=LeadRef(lead_id=f"lead_{number}", partner_id="ptr_1", project_id="prj_1"),
        variables={"partner": {"name": "Partner"}, "lead": {"id": f"lead_{number}", "first_name": "Aino", **facts}},
        trace=Trace(),
    )


async def send(dsn: str, port: int, mails: int, *, hurry: bool) -> dict[str, float]:
    """From mails that wait to all in a final state. `hurry`: who was put off is tried again at once."""
    settings = Settings.model_validate(
        {
            "database_url": dsn,
            "identity_keys": TEST_KEY_SET,
            "webhook_secret_key": SECRET_KEY,
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_tls": "off",
            "smtp_allow_insecure": True,
            "smtp_from": "bench@centre.example",
            "smtp_connections": CONNECTIONS,
            "smtp_connections_per_domain": CONNECTIONS,
        }
    )
    database = await Database.connect(dsn, source="/leadwire/notify-svc")
    try:
        await queue(database, mails)
        return await _run(settings, database, mails, hurry=hurry)
    finally:
        await database.close()


async def _run(settings: Settings, database: Database, mails: int, *, hurry: bool) -> dict[str, float]:
    process = psutil.Process()
    early, most, rate = 0.0, 0.0, 0.0
    gc.collect()
    cpu, began = time.process_time(), time.perf_counter()
    sending = asyncio.create_task(build_sender(settings, database, timedelta(minutes=5)).run())
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if sending.done():
            sending.result()
        row = await database.pool.fetchrow(FINAL)
        done = row["sent"] + row["failed"]
        memory = process.memory_info().rss / MEGABYTE
        early = memory if done < mails / 10 else early
        most = max(most, memory)
        if not rate and done >= mails * 0.6:
            rate = done / (time.perf_counter() - began)
        if hurry:
            await database.pool.execute(
                "UPDATE emails SET next_attempt_at = now() WHERE state = 'queued' AND attempts > 0"
            )
        if done == mails:
            break
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    sending.cancel()
    await asyncio.wait([sending])
    return {
        "rate": rate,
        "seconds": seconds,
        "sent": row["sent"],
        "failed": row["failed"],
        "cpu": cpu / mails * 1e3,
        "memory grew": most - early,
        "memory": most,
    }


async def measure(run: Run) -> list[Figure]:
    mails = run.pick(50_000, 300)
    with postgres() as server, sink() as port:
        dsn, _ = await create_service_database(server, "notify_svc")
        before = await bare(port, run.pick(2_000, 200))
        seen = await send(dsn, port, mails, hurry=run.quick)
        after = await bare(port, run.pick(2_000, 200))
        taken, repeats, put_off = await _counts(port)
    if seen["sent"] != mails or repeats != 2 * run.pick(2_000, 200) - 1:
        raise RuntimeError(f"{mails} mails: {seen}, {taken} taken, {repeats} of them twice")
    return [
        Figure(
            case=f"N1 {mails:,} mails, a fifth put off at first",
            product=seen["rate"],
            unit="mails/s",
            limit=medians([before, after])["rate"],
            limit_name="bare client, same connections",
            target=Target(first=0.5, goal=0.8),
            details={
                "seconds to the last": seen["seconds"],
                "put off": float(put_off),
                "CPU ms a mail": seen["cpu"],
                "memory MB": seen["memory"],
                "grown after the first tenth MB": seen["memory grew"],
            },
        )
    ]


async def _counts(port: int) -> tuple[int, int, int]:
    client = SMTP(hostname="127.0.0.1", port=port, start_tls=False)
    await client.connect()
    answer = await client.execute_command(b"VRFY", b"counts")
    await client.quit()
    taken, repeats, put_off = answer.message.split()
    return int(taken), int(repeats), int(put_off)


if __name__ == "__main__":
    sys.stdout.write(table(uvloop.run(measure(Run("--quick" in sys.argv)))) + "\n")
