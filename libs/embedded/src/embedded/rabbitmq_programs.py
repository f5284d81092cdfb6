"""Where the RabbitMQ programs are: installed, or in a private copy of the distribution's package."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from embedded.account import Account
from embedded.homes import runnable
from embedded.packages import Package, unpacked

ADVICE = (
    "install rabbitmq-server (Debian, Ubuntu: apt install rabbitmq-server; macOS: brew install rabbitmq; "
    "elsewhere see rabbitmq.com), or name a running broker by its AMQP URL"
)
HOMEBREW = "/opt/homebrew/sbin:/usr/local/sbin"
SCRIPTS = "usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin"


@dataclass(frozen=True)
class Programs:
    """The folder of rabbitmq-server and rabbitmqctl, and the PATH on which they find erl and epmd."""

    scripts: Path
    path: str


def _make_relocatable(prefix: Path) -> None:
    erl = prefix / "usr/lib/erlang/bin/erl"
    if not erl.exists():  # Erlang is installed already
        return
    own = 'ROOTDIR="$(dirname "$(dirname "$(readlink -f "$0")")")"'
    erl.write_text(re.sub(r"^(\s*)ROOTDIR=\"?/\S+", lambda found: found[1] + own, erl.read_text(), flags=re.MULTILINE))


def _installed() -> Path | None:
    # The package's /usr/sbin/rabbitmq-server insists on the user rabbitmq; the scripts behind it do not.
    behind = sorted(Path("/").glob(SCRIPTS))
    if behind:
        return behind[-1] / "rabbitmq-server"
    found = shutil.which("rabbitmq-server") or shutil.which(
        "rabbitmq-server", path="/opt/homebrew/sbin:/usr/local/sbin"
    )
    return Path(found).resolve() if found else None


def obtain_rabbitmq(package_cache: Path, say: Callable[[str], None]) -> Path:
    """Return the rabbitmq-server script: the installed one, or that of a private copy kept in package_cache.

    Raises NotObtainable with what to install.
    """
    installed = _installed()
    if installed is not None:
        return installed
    prefix = unpacked(Package("rabbitmq-server", ADVICE, _make_relocatable), package_cache, say)
    return next(prefix.glob(SCRIPTS)) / "rabbitmq-server"


def programs_for(account: Account, server: Path, package_cache: Path) -> Programs:
    """Return the programs where the account can run them."""
    program, prefix = runnable(server, package_cache, account)
    first = f"{program.parent}:/opt/homebrew/bin:/usr/local/bin" if prefix is None else f"{prefix}/usr/bin"
    return Programs(program.parent, f"{first}:/usr/bin:/bin")
