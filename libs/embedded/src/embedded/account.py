"""Under which user the servers run."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

# "nobody": PostgreSQL refuses to run as root, and a user without an entry in passwd fails in initdb.
UNPRIVILEGED_ID = 65534


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
