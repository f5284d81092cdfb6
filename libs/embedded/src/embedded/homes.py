"""Folders that the servers' account can reach."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir, mkdtemp

from embedded.account import Account

SYSTEM_HOMES = Path("/var/lib/leadwire")
PREFIX = "leadwire-home-"


def private_home(data_dir: Path, account: Account) -> Path:
    """Return data_dir/server, owned by the account and closed to others.

    Below a folder that the account cannot pass (a clone in /root), it is a link to a folder in
    /var/lib/leadwire, or in the temporary folder when data_dir itself lies there.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    home = data_dir / "server"
    if home.exists():
        return home.resolve()
    if account.uid is not None:
        data_dir.chmod(data_dir.stat().st_mode | 0o111)
    if not account.reaches(data_dir):
        return _home_elsewhere(home, account)
    home.mkdir(mode=0o700)
    account.give(home)
    return home.resolve()


def _home_elsewhere(home: Path, account: Account) -> Path:
    temporary = Path(gettempdir()).resolve()
    below_temporary = home.parent.resolve().is_relative_to(temporary)
    if below_temporary:
        _sweep(temporary)
    else:
        _shared(SYSTEM_HOMES)
    elsewhere = Path(mkdtemp(prefix=PREFIX, dir=temporary if below_temporary else SYSTEM_HOMES))
    account.give(elsewhere)
    home.unlink(missing_ok=True)
    home.symlink_to(elsewhere)
    (elsewhere / "linked-from").write_text(str(home))
    return elsewhere


def _shared(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # whatever the umask says


def _sweep(temporary: Path) -> None:
    """Remove temporary homes whose data folder has been removed: test runs would fill the disk."""
    for home in temporary.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if not Path((home / "linked-from").read_text()).is_symlink():
                shutil.rmtree(home)


def reachable_copy(tree: Path, name: str, account: Account, parts: Sequence[str] = ("",)) -> Path:
    """Return the tree, or a copy of these parts of it that the account can execute: it may lie below /root."""
    if all(account.reaches(tree / part) for part in parts):
        return tree
    copy = SYSTEM_HOMES / "programs" / name
    if not copy.exists():
        _shared(SYSTEM_HOMES)
        _shared(copy.parent)
        fresh = copy.with_name(f"{name}.{token_hex(4)}")
        for part in parts:
            shutil.copytree(tree / part, fresh / part, symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                executable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if executable else 0o644)
        try:
            fresh.rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(fresh)
    return copy


def runnable(program: Path, package_cache: Path, account: Account) -> tuple[Path, Path | None]:
    """Return the program where the account can run it, and its unpacked prefix unless it is installed."""
    cache = package_cache.absolute()
    if not program.is_relative_to(cache):
        return program, None
    name, *inside = program.relative_to(cache).parts
    prefix = reachable_copy(cache / name, name, account)
    return prefix.joinpath(*inside), prefix
