"""The trace of the work at hand: set at the edge (request or message), read when an event is published."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from contracts.envelope import Trace

current_trace: ContextVar[Trace] = ContextVar("current_trace", default=Trace())  # noqa: B039 -- Trace is frozen


@dataclass
class Hooks:
    """What telemetry does at a publish, given the event's type: the trace that the event will carry."""

    publishing: Callable[[str, Trace], Trace] | None = None


hooks = Hooks()


def outgoing(event_type: str, trace: Trace) -> Trace:
    """What an event of that type carries that is published now."""
    return trace if hooks.publishing is None else hooks.publishing(event_type, trace)
