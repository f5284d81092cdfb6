"""The worker of a service: relay, consumers and tasks."""

import asyncio
from functools import partial

from fastapi import FastAPI
from messaging.transport import Transport
from messaging.worker import Worker

from servicekit.app import App, Task
from servicekit.audit.ship import keep_shipping
from servicekit.idempotency import keep_clean
from servicekit.metrics import WorkerMetrics


def build_worker(app: App, transport: Transport) -> Worker:
    return Worker(app.name, app.database, app.subscriptions, transport)


async def run_worker(app: App, worker: Worker, stop: asyncio.Event) -> None:
    """Until `stop` is set: then consumers finish what runs, and tasks are cancelled.

    Raises an ExceptionGroup as soon as anything of it fails; the process is expected to end and to be restarted.
    """
    ours = [partial(keep_clean, app.database), partial(keep_shipping, app.database)]
    async with asyncio.TaskGroup() as group:
        running = group.create_task(worker.run())
        tasks = [group.create_task(_run(task)) for task in (*app.tasks, *ours)]
        await stop.wait()
        worker.stop()
        await asyncio.wait([running])
        for task in tasks:
            task.cancel()


def observe(http: FastAPI, name: str, worker: Worker) -> None:
    """Makes `/readyz` and `/metrics` of an application speak for the worker."""
    metrics = WorkerMetrics(name, worker)
    http.state.readiness["consumers"] = lambda: _unattached(worker)
    http.state.before_scrape.append(metrics.refresh)


async def _run(task: Task) -> None:
    await task()


async def _unattached(worker: Worker) -> str | None:
    missing = [queue for queue, attached in (await worker.health()).consumers.items() if not attached]
    return f"not consuming {', '.join(sorted(missing))}" if missing else None
