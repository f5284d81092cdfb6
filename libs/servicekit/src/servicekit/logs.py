"""Structured logs without personal data: one JSON object a line, with no fields but those on the list."""

import asyncio
import logging
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict

FIELDS: Final = frozenset(
    {
        *("event", "level", "logger", "timestamp", "service", "exception"),
        *("request_id", "correlation_id", "message_id", "traceparent"),
        *("method", "route", "status", "duration_ms", "code", "count", "queue", "event_type", "subject_id"),
    }
)
# Their messages are written with care; those of libraries may repeat values, so only their templates are kept.
OURS: Final = ("messaging", "servicekit", "leadwire", "embedded", "contracts")
_FRAMES = 25


def configure_logs(service: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Sends everything, also what libraries log, to standard error (or the given stream) in this form."""

    def name_service(_logger: Any, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _describe_exception,
                only_listed_fields,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[name_service],
        )
    )
    handler.addFilter(_without_values)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("aio_pika", "aiormq", "uvicorn.error", "httpx2"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def hush_loop(loop: asyncio.AbstractEventLoop) -> None:
    """The loop reports forgotten exceptions with their texts; here it names their classes."""

    def report(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        error = context.get("exception")
        logging.getLogger("servicekit.loop").error(
            "the event loop caught %s", type(error).__name__ if error else "something", exc_info=error
        )

    loop.set_exception_handler(report)


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the name is logging's
        """Logging itself would print the record's values, and the texts of exceptions."""
        del record
        self.stream.write('{"event": "a log line could not be written", "level": "error"}\n')


def only_listed_fields(_logger: Any, _method: str, event: EventDict) -> EventDict:
    return {name: value for name, value in event.items() if name in FIELDS}


def describe(error: BaseException) -> list[str]:
    """Classes and places, never texts or variables: both may hold what people sent us."""
    lines = [f"{type(error).__module__}.{type(error).__qualname__}"]
    lines += _places(error.__traceback__)
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        lines += [f"| {line}" for line in describe(inner)]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        lines += ["caused by", *describe(cause)]
    return lines


def _places(traceback: TracebackType | None) -> list[str]:
    places: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{code.co_filename}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-_FRAMES:]


def _describe_exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = describe(error)
    event.pop("stack_info", None)
    return event


def _without_values(record: logging.LogRecord) -> bool:
    if not record.name.split(".")[0].endswith(("_svc", *OURS)):
        record.args = ()
        record.msg = str(record.msg).splitlines()[0] if record.msg else ""
    return True
