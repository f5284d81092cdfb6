"""O7.4 Traces: off and free by default; on, one trace from the push through every service."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from messaging import trace as messaging_trace
from messaging.embedded_bus import EmbeddedBus
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from servicekit.app import App
from servicekit.telemetry import Telemetry, start_telemetry
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest, TestDatabases, http_client
from servicekit.worker import build_worker, run_worker
from toy_svc.app import build
from toy_svc.settings import Settings

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield Telemetry(provider), exporter
    messaging_trace.hooks.publishing = None
    provider.shutdown()


@asynccontextmanager
async def running(*apps: App) -> AsyncGenerator[None]:
    bus = EmbeddedBus(services=[app.name for app in apps])
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for app in apps:
            group.create_task(run_worker(app, build_worker(app, bus), stop))
        try:
            yield
        finally:
            stop.set()


async def test_o7_4_one_trace_leads_through_two_services(
    service: ServiceUnderTest, test_databases: TestDatabases, spans: tuple[Telemetry, InMemorySpanExporter]
):
    telemetry, exporter = spans
    dsn = await test_databases.clone("toy_svc")
    listener = replace(await build(Settings(database_url=dsn, identity_keys=TEST_KEY_SET)), name="listener-svc")  # pyright: ignore[reportArgumentType] -- pydantic makes a secret of it
    publisher = telemetry.instrument(replace(service.app, subscriptions=[]))
    async with running(publisher, telemetry.instrument(listener)), http_client(publisher) as http:
        headers = service.headers() | {"traceparent": CALLER}
        answer = await http.post("/v1/things", json={"name": "s3cr3t"}, headers=headers)
        assert answer.status_code == 201
        while not await listener.database.pool.fetchval("SELECT count(*) FROM heard"):  # noqa: ASYNC110 -- in a database
            await asyncio.sleep(0.01)
    await listener.close()
    await test_databases.drop(dsn)
    found = {span.name: span for span in exporter.get_finished_spans()}
    chain = [
        "POST /v1/things",
        "publish identity.user.created.v1",
        "listener-svc.users identity.user.created.v1",
        "publish identity.user.changed.v1",
    ]
    assert set(found) == set(chain)
    parents = [parent_of(found[name]) for name in chain]
    assert parents == ["b7ad6b7169203331", *(span_id(found[name]) for name in chain[:-1])]
    assert {f"{span.context.trace_id:032x}" for span in found.values() if span.context} == {CALLER.split("-")[1]}
    assert "s3cr3t" not in str([span.to_json() for span in found.values()])


def parent_of(span: ReadableSpan) -> str:
    assert span.parent
    return f"{span.parent.span_id:016x}"


def span_id(span: ReadableSpan) -> str:
    assert span.context
    return f"{span.context.span_id:016x}"


async def test_o7_4_a_failed_request_is_marked_without_its_words(
    service: ServiceUnderTest, spans: tuple[Telemetry, InMemorySpanExporter]
):
    telemetry, exporter = spans
    async with http_client(telemetry.instrument(service.app)) as http:
        await http.post("/v1/things", json={"name": "s3cr3t", "crash": True}, headers=service.headers())
    (span,) = [span for span in exporter.get_finished_spans() if span.name.startswith("POST")]
    assert (span.status.status_code.name, span.attributes) == (
        "ERROR",
        {"http.route": "/v1/things", "http.response.status_code": 500},
    )
    assert "s3cr3t" not in span.to_json()


def test_o7_4_off_means_not_even_imported(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert start_telemetry("toy-svc") is None
    code = (
        "import sys, servicekit.runner, servicekit.http, servicekit.telemetry\n"
        "assert servicekit.telemetry.start_telemetry('x') is None\n"
        "unwanted = ('opentelemetry.sdk', 'opentelemetry.exporter', 'sqlalchemy', 'alembic')\n"
        "print([name for name in sys.modules if name.startswith(unwanted)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
