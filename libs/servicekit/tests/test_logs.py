"""No personal data in logs."""

import asyncio
import io
import json
import logging
import sys
from typing import Any

import pytest
from servicekit.logs import configure_logs, describe, hush_loop

SECRET = "ann@example.test"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    configure_logs("toy-svc")

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield read
    root.handlers[:] = before
    root.setLevel(level)


def fail(value: str) -> None:
    raise ValueError(f"cannot read {value}")


def test_exceptions_are_named_and_placed_but_not_quoted(lines: Any):
    try:
        fail(SECRET)
    except ValueError:
        logging.getLogger("toy_svc").exception("it failed")
    (line,) = lines()
    assert line["exception"][0] == "builtins.ValueError"
    assert line["exception"][-1].endswith(" fail")
    assert (line["event"], line["level"], line["logger"], line["service"]) == (
        "it failed",
        "error",
        "toy_svc",
        "toy-svc",
    )
    assert SECRET not in json.dumps(line)


def test_groups_and_causes_are_named():
    group = ExceptionGroup(SECRET, [KeyError(SECRET)])
    group.__cause__ = ValueError(SECRET)
    told = "\n".join(describe(group))
    assert "| builtins.KeyError" in told
    assert "caused by\nbuiltins.ValueError" in told
    assert SECRET not in told


def test_fields_that_are_not_listed_are_dropped(lines: Any):
    logging.getLogger("toy_svc").info("sent", extra={"email": SECRET, "count": 3})
    (line,) = lines()
    assert set(line) == {"event", "level", "logger", "service", "timestamp"}


def test_of_libraries_only_the_template_is_kept(lines: Any):
    logging.getLogger("asyncpg.pool").warning("cannot store %s\n%s", SECRET, SECRET)
    logging.getLogger("servicekit.x").warning("waiting for %s", "database")
    assert [line["event"] for line in lines()] == ["cannot store %s", "waiting for database"]


async def test_forgotten_exceptions_of_tasks_are_not_quoted(lines: Any):
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    hush_loop(loop)
    try:
        loop.call_exception_handler({"message": SECRET, "exception": ValueError(SECRET)})
    finally:
        loop.set_exception_handler(before)
    (line,) = lines()
    assert line["event"] == "the event loop caught ValueError"
    assert SECRET not in json.dumps(line)


def test_a_line_that_cannot_be_written_does_not_show_its_values(lines: Any):
    record = logging.LogRecord("toy_svc", logging.WARNING, __file__, 1, "%d leads", (SECRET,), None)
    (ours,) = [each for each in logging.getLogger().handlers if type(each).__module__ == "servicekit.logs"]
    ours.handle(record)
    assert lines() == [{"event": "a log line could not be written", "level": "error"}]
