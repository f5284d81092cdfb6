"""Small values that a data folder remembers: passwords, ports, names."""

import fcntl
import os
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from embedded.account import OURSELVES, Account


def remember(path: Path, make: Callable[[], str]) -> str:
    """Return the file's text; the first call makes it. Mode 0600."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return replace(path, make())


def replace(path: Path, text: str, owner: Account = OURSELVES) -> str:
    """Write the file whole or not at all, mode 0600, for this owner; return the text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        if owner.uid is not None and owner.gid is not None:
            os.fchown(out.fileno(), owner.uid, owner.gid)
        out.write(text)
    part.rename(path)
    return text


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold an exclusive lock across processes; it ends with the process that holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
