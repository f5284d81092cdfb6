"""The environment before it is read: secrets that stand in files, and names that nobody knows."""

import difflib
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path

from servicekit.boot.errors import Misconfigured

PREFIX = "LEADWIRE_"
FILE_SUFFIX = "_FILE"
LARGEST_FILE = 64 * 1024
# Who runs containers mounts secrets here, and decides who may read them.
MOUNTED = Path("/run/secrets")
# So alike that it was meant to be the other; names of different services are further from each other.
ALIKE = 0.88


def read_files(environment: MutableMapping[str, str], known: Iterable[str]) -> None:
    """Every setting may stand in a file: `LEADWIRE_KEY_PEPPER_FILE=/run/secrets/pepper`. Raises Misconfigured."""
    names = {PREFIX + name.upper() for name in known}
    for name in sorted(names):
        path = environment.get(name + FILE_SUFFIX)
        if path is None or name + FILE_SUFFIX in names:
            continue
        setting = (name + FILE_SUFFIX).removeprefix(PREFIX)
        if name in environment:
            raise Misconfigured(setting, f"{name} is set, too; keep one of them.")
        environment[name] = read_private(setting, Path(path))


def read_private(setting: str, path: Path) -> str:
    """A file's text without the line's end. Raises Misconfigured unless it is there, small, and private."""
    check_private(setting, path)
    try:
        text = path.read_text("utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise Misconfigured(setting, f"the file cannot be read ({_words(error)}).") from None
    if not text.strip():
        raise Misconfigured(setting, "the file is empty; write the secret into it.")
    return text


def check_private(setting: str, path: Path) -> None:
    """Raises Misconfigured for a file that is not there, or that everybody on the machine may read."""
    try:
        stat = path.stat()
    except (OSError, ValueError) as error:
        raise Misconfigured(setting, f"the file cannot be read ({_words(error)}); give the path of one.") from None
    if stat.st_size > LARGEST_FILE or not path.is_file():
        raise Misconfigured(setting, "this is no file with a secret.")
    if stat.st_mode & 0o007 and MOUNTED not in path.resolve().parents:
        raise Misconfigured(setting, "everybody may read or write the file: chmod 600 it, and change the secret.")


def refuse_unknown(environment: Mapping[str, str], known: Iterable[str]) -> None:
    """Raises Misconfigured for what can only be a slip. Settings of other services may stand beside ours."""
    names = {name.upper() for name in known}
    given = {name.removeprefix(PREFIX) for name in environment if name.startswith(PREFIX)}
    for name in sorted(given - names):
        bare = name.removesuffix(FILE_SUFFIX)
        if bare in names:
            continue
        meant = difflib.get_close_matches(bare, sorted(names), 1, ALIKE)
        if meant:
            raise Misconfigured(name, f"there is no such setting; {PREFIX}{meant[0]} was meant.")


def _words(error: Exception) -> str:
    """Without the path: somebody may have put the secret itself there."""
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
