"""Start, find and end server processes, also those that an earlier process of ours has left behind."""

import atexit
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.account import Account

# Children are kept until the interpreter ends, so that any object may reap them and none becomes a zombie.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Launch:
    """One server process to be: it gets its own session, so that Ctrl-C reaches only us."""

    argv: Sequence[str | Path]
    account: Account
    environment: Mapping[str, str]
    folder: Path
    log: Path


def launch(what: Launch) -> int:
    """Start the process with its output appended to the log; return its pid."""
    # Opened by us: a link that the server's account might put in place of its log must not be followed.
    with os.fdopen(os.open(what.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
        child = subprocess.Popen(  # noqa: S603 - fixed programs
            what.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(what.environment),
            cwd=what.folder,
            start_new_session=True,
            user=what.account.uid,
            group=what.account.gid,
            extra_groups=what.account.extra_groups,
        )
    _children[child.pid] = child
    return child.pid


def _command_lines() -> Iterator[tuple[int, str]]:
    proc = Path("/proc")
    if (proc / "self/cmdline").exists():
        for entry in proc.iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    raw = (entry / "cmdline").read_bytes()
                    yield int(entry.name), raw.replace(b"\0", b" ").decode("utf-8", "replace")
        return
    listing = subprocess.run(["ps", "-axwwo", "pid=,command="], capture_output=True, text=True, check=True)  # noqa: S607
    for line in listing.stdout.splitlines():
        pid, _, command = line.strip().partition(" ")
        yield int(pid), command


def find(program: str, mark: str) -> list[int]:
    """Return the pids of live processes of this program whose command line carries the mark; zombies have none."""
    return [pid for pid, command in _command_lines() if mark in command and program in command.partition(mark)[0]]


def reap(pid: int) -> bool:
    """Tell whether the process has ended, taking its exit status when it is a child of ours.

    An orphan that has ended stays a zombie until process 1 gets round to it.
    """
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        _children.pop(pid, None)
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    if child is not None or not Path("/proc/self/stat").exists():
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        return True


def wait_gone(look: Callable[[], list[int]], *, seconds: float, seen: Sequence[int] = ()) -> bool:
    """Wait until nothing is found any more and all that was ever seen has ended.

    A process loses its command line, by which it is found, before it lets go of its sockets and locks.
    """
    known = set(seen)

    def gone() -> bool:
        known.update(look())
        return not [pid for pid in known if not reap(pid)]

    return wait_until(gone, seconds=seconds)


@atexit.register
def _leave_running() -> None:
    for child in _children.values():
        if child.poll() is None:
            child.returncode = 0  # left running on purpose; the interpreter would warn of it


def send(pid: int, what: signal.Signals) -> None:
    """Signal a process that may have ended meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, what)


def wait_until(reached: Callable[[], bool], *, seconds: float, every: float = 0.02) -> bool:
    """Ask again and again until it is so (True) or the time is over (False)."""
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
