"""What can go wrong while a private server is brought up."""

import re
from pathlib import Path

LOG_TAIL_BYTES = 3000
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class ServerFailed(Exception):
    """A server could not be started, stopped or asked; the text ends with the tail of its log."""


class NotObtainable(Exception):
    """The server's program is neither installed nor obtainable here; the text says what to install."""


def with_log_tail(reason: str, log: Path) -> ServerFailed:
    """Build the error that a person can act on without looking for the log."""
    try:
        tail = log.read_bytes()[-LOG_TAIL_BYTES:].decode("utf-8", "replace").strip()
    except OSError:
        tail = ""
    tail = COLOUR.sub("", tail)
    return ServerFailed(f"{reason}\n--- end of {log}:\n{tail or '(empty)'}")
