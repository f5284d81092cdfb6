"""What a small file of settings says, read again when it changes: keys are replaced while everything runs."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")
LOOK_SECONDS = 1.0


class WatchedFile(Generic[T]):
    """`read` gives the parsed text, at most a second old, and the same object until the file changes.

    A file that cannot be read or parsed after the start leaves in force what it said before.
    """

    def __init__(self, path: Path, parse: Callable[[str], T], clock: Callable[[], float] = time.monotonic) -> None:
        """Raises OSError or ValueError."""
        self._path = path
        self._parse = parse
        self._clock = clock
        self._stamp = self._stamped()
        self._value = parse(path.read_text("utf-8"))
        self._look_at = clock() + LOOK_SECONDS

    def read(self) -> T:
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._look()
        return self._value

    def _look(self) -> None:
        try:
            stamp = self._stamped()
            if stamp == self._stamp:
                return
            self._value = self._parse(self._path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            logger.warning("%s stays as it was: %s", self._path.name, type(error).__name__)
        else:
            self._stamp = stamp
            logger.info("%s was read again", self._path.name)

    def _stamped(self) -> tuple[int, int, int]:
        """Replaced by a rename, it is another inode; written in place, it has another time or size."""
        stat = self._path.stat()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size


def watched(setting: str, parse: Callable[[str], T], *, begins: str) -> Callable[[], T]:
    """The value of a setting that is either the text itself, which begins so, or the path of a file with it.

    Raises OSError or ValueError when it cannot be read now.
    """
    if setting.lstrip().startswith(begins):
        value = parse(setting)
        return lambda: value
    return WatchedFile(Path(setting), parse).read
