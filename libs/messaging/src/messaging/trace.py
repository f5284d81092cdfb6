"""The trace of the work at hand: set at the edge (request or message), read when an event is published."""

from contextvars import ContextVar

from contracts.envelope import Trace

current_trace: ContextVar[Trace] = ContextVar("current_trace", default=Trace())  # noqa: B039 -- Trace is frozen
