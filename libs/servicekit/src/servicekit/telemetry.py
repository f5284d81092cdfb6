"""Traces by OpenTelemetry: off unless `OTEL_EXPORTER_OTLP_ENDPOINT` is set. Off, its SDK is not even imported.

One trace leads from the push of a lead through every service to the e-mail: a span for the request, one for each
event that is published, and one for each that is handled. The parent travels in the event's envelope.
"""

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from contracts.envelope import Trace
from contracts.event import Event
from messaging import trace as messaging_trace
from messaging.subscription import Handler, Received, Subscription
from messaging.trace import current_trace
from messaging.unit_of_work import UnitOfWork

from servicekit.app import App

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanKind, TracerProvider


def start_telemetry(service: str) -> "Telemetry | None":
    """None when it is off. Sampling and headers are set by the usual `OTEL_…` variables."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 -- see above
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 -- see above
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 -- see above
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 -- see above

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Telemetry(provider)


class Telemetry:
    """Spans with names and codes only: neither paths nor texts of errors, which may hold what people sent."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 -- see the top
        from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415 -- see the top

        self._kinds = SpanKind
        self._propagator = tracecontext.TraceContextTextMapPropagator()
        self._tracer = provider.get_tracer("leadwire")

    def instrument(self, app: App) -> App:
        """The same service, traced. Published events are traced in the whole process.

        What has not been sent is sent when the process ends.
        """
        app.http.state.telemetry = self
        messaging_trace.hooks.publishing = self.publishing
        subscriptions = [self._traced(app.name, subscription) for subscription in app.subscriptions]
        return replace(app, subscriptions=subscriptions)

    def publishing(self, event_type: str, trace: Trace) -> Trace:
        span = self._start(f"publish {event_type}", trace.traceparent, self._kinds.PRODUCER)
        span.end()
        return self._continued(trace, span)

    @contextmanager
    def request(self, method: str, outcome: Callable[[], tuple[str, int]]) -> Generator[None]:
        """The span of an HTTP request; what happens inside belongs to it. `outcome`: its route and status."""
        before = current_trace.get()
        span = self._start(method, before.traceparent, self._kinds.SERVER)
        token = current_trace.set(self._continued(before, span))
        try:
            yield
        finally:
            current_trace.reset(token)
            route, status = outcome()
            span.update_name(f"{method} {route}")
            span.set_attributes({"http.route": route, "http.response.status_code": status})
            if status >= 500:
                fail(span, str(status))
            span.end()

    def _traced(self, service: str, subscription: Subscription) -> Subscription:
        queue = f"{service}.{subscription.name}"
        handlers = {event: self._traced_handler(queue, handler) for event, handler in subscription.handlers.items()}
        return replace(subscription, handlers=handlers)

    def _traced_handler(self, queue: str, handler: Handler) -> Handler:
        async def handle(work: UnitOfWork, batch: Sequence[Received[Event]]) -> None:
            spans = [
                self._start(f"{queue} {each.event.type}", each.envelope.traceparent, self._kinds.CONSUMER)
                for each in batch
            ]
            continued = [
                Received(each.event, msgspec.structs.replace(each.envelope, traceparent=self._traceparent(span)))
                for each, span in zip(batch, spans, strict=True)
            ]
            token = current_trace.set(continued[0].envelope.trace if len(continued) == 1 else Trace())
            try:
                await handler(work, continued)
            except Exception as error:
                for span in spans:
                    fail(span, type(error).__name__)
                raise
            finally:
                current_trace.reset(token)
                for span in spans:
                    span.end()

        return handle

    def _start(self, name: str, traceparent: str, kind: "SpanKind") -> "Span":
        context = self._propagator.extract({"traceparent": traceparent})
        return self._tracer.start_span(name, context=context, kind=kind)

    def _traceparent(self, span: "Span") -> str:
        context = span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def _continued(self, trace: Trace, span: "Span") -> Trace:
        return msgspec.structs.replace(trace, traceparent=self._traceparent(span))


def fail(span: "Span", code: str) -> None:
    """Marks a span as failed, by a class or a code."""
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 -- see the top

    span.set_status(StatusCode.ERROR, code)
