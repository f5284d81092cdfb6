"""Under which user the servers run, and folders that this user can reach."""

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir, mkdtemp

# "nobody": PostgreSQL refuses to run as root, and a user without an entry in passwd fails in initdb.
UNPRIVILEGED_ID = 65534
SYSTEM_HOMES = Path("/var/lib/leadwire")


@dataclass(frozen=True)
class Account:
    """The user for a server: our own (ids None), or nobody when we are root."""

    uid: int | None = None
    gid: int | None = None

    @property
    def extra_groups(self) -> list[int] | None:
        return None if self.uid is None else []

    def give(self, path: Path) -> None:
        """Hand a folder with all in it to the account."""
        if self.uid is None or self.gid is None:
            return
        for folder, _, names in os.walk(path):
            for name in ("", *names):
                os.chown(Path(folder) / name, self.uid, self.gid, follow_symlinks=False)

    def reaches(self, folder: Path) -> bool:
        """Tell whether the account may pass through the folder and all above it."""
        if self.uid is None:
            return True
        real = folder.resolve()
        return all(
            part.stat().st_mode & (stat.S_IXUSR if part.stat().st_uid == self.uid else stat.S_IXOTH)
            for part in (real, *real.parents)
        )


OURSELVES = Account()


def server_account() -> Account:
    """Choose the account: nobody for root, otherwise whoever we are."""
    return Account(UNPRIVILEGED_ID, UNPRIVILEGED_ID) if os.geteuid() == 0 else OURSELVES


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
        temporary = Path(gettempdir()).resolve()
        below_temporary = data_dir.resolve().is_relative_to(temporary)
        if not below_temporary:
            SYSTEM_HOMES.mkdir(mode=0o711, parents=True, exist_ok=True)
        elsewhere = Path(mkdtemp(prefix="leadwire-", dir=temporary if below_temporary else SYSTEM_HOMES))
        account.give(elsewhere)
        home.unlink(missing_ok=True)
        home.symlink_to(elsewhere)
        return elsewhere
    home.mkdir(mode=0o700)
    account.give(home)
    return home.resolve()


def reachable_copy(tree: Path, name: str, account: Account) -> Path:
    """Return the tree, or a copy of it that the account can execute: an environment may lie below /root."""
    if account.reaches(tree):
        return tree
    copy = SYSTEM_HOMES / "programs" / name
    if not copy.exists():
        copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        part = copy.with_name(f"{name}.{token_hex(4)}")
        shutil.copytree(tree, part, symlinks=True)
        try:
            part.rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(part)
    return copy
