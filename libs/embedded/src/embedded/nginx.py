"""A private nginx."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from embedded import processes
from embedded.account import server_account
from embedded.errors import ServerFailed, with_log_tail
from embedded.homes import private_home, runnable
from embedded.packages import Package, unpacked
from embedded.processes import Launch, launch, reap, send, wait_gone, wait_until
from embedded.remembered import locked, replace

ADVICE: Final = "install nginx (Debian, Ubuntu: apt install nginx; macOS: brew install nginx)"
START_SECONDS: Final = 15
STOP_SECONDS: Final = 10
ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def obtain_nginx(package_cache: Path, say: Callable[[str], None]) -> Path:
    """Return the nginx program: the installed one, or that of a private copy kept in package_cache.

    Raises NotObtainable with what to install.
    """
    installed = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")
    if installed is not None:
        return Path(installed).resolve()
    return unpacked(Package("nginx", ADVICE), package_cache, say) / "usr/sbin/nginx"


@dataclass(frozen=True)
class Program:
    """An nginx, with the prefix of its private copy unless it is installed."""

    path: Path
    prefix: Path | None

    def environment(self) -> dict[str, str]:
        libraries = sorted({str(found.parent) for found in self.prefix.glob("**/lib*.so.*")}) if self.prefix else []
        return ENVIRONMENT | ({"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {})

    def mime_types(self) -> str:
        near = (self.prefix or self.path.parents[1], Path("/"), Path("/opt/homebrew"))
        found = next((root / "etc/nginx/mime.types" for root in near if (root / "etc/nginx/mime.types").exists()), None)
        return found.read_text() if found else "types { text/html html; }\n"


class NginxServer:
    """One private nginx, unprivileged: start() is idempotent on the same data folder and survives kill -9.

    The configuration names ports above 1023 and sets neither daemon, pid nor user; its relative paths lie in the
    server's own folder, where mime.types stands ready. Unless it sets access_log, there is none. As root, nginx
    runs as nobody.
    """

    def __init__(self, data_dir: Path, *, package_cache: Path, config: str) -> None:
        """Name the folders and the text of nginx.conf; nothing is started or fetched."""
        self.data_dir = data_dir.absolute()
        self._package_cache = package_cache.absolute()
        self._config = config
        self._account = server_account()

    @property
    def log(self) -> Path:
        return self.data_dir / "server.log"

    @property
    def pid(self) -> int | None:
        """The master's pid while it lives."""
        masters = processes.find("nginx: master process", f"-c {self.folder / 'nginx.conf'}")
        return masters[0] if masters else None

    def is_running(self) -> bool:
        return self.pid is not None

    def start(self) -> None:
        """Return when it listens, with the present configuration. Raises ServerFailed, NotObtainable."""
        try:
            with locked(self.data_dir / "lock"):
                home = private_home(self.data_dir, self._account)
                self._end_all()
                program = self._program()
                self._configure(program, home)
                (home / "nginx.pid").unlink(missing_ok=True)
                what = Launch(self._argv(program), self._account, program.environment(), home, self.log)
                pid = launch(what)
                # It writes the file when its sockets are open.
                listens = (home / "nginx.pid").exists
                if not wait_until(lambda: reap(pid) or listens(), seconds=START_SECONDS) or reap(pid):
                    self._end_all()
                    raise with_log_tail("nginx did not start", self.log)
                replace(self.data_dir / "session", str(pid))
        except OSError as error:
            raise ServerFailed(f"nginx cannot use the folder {self.data_dir}: {error}") from error

    def stop(self) -> None:
        """Shut down at once; requests under way are cut off. No-op when it is down."""
        pid = self.pid
        if pid is not None:
            send(pid, signal.SIGTERM)
            wait_until(lambda: reap(pid), seconds=STOP_SECONDS)
        self._end_all()

    def kill(self) -> None:
        """SIGKILL the master and its workers, which would go on serving without it."""
        self._end_all()

    def reload(self, config: str | None = None) -> None:
        """Return when every new request meets the new configuration; no request under way is dropped.

        ServerFailed when nginx refuses it; then the old one stays.
        """
        pid = self.pid
        if pid is None:
            raise ServerFailed("nginx is not running, so there is nothing to reload")
        program, before = self._program(), self._config
        self._config = before if config is None else config
        self._configure(program, self.folder)
        test = subprocess.run(  # noqa: S603 - a path found by us
            [*self._argv(program), "-t"],
            env=program.environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            user=self._account.uid,
            group=self._account.gid,
            extra_groups=self._account.extra_groups,
        )
        if test.returncode != 0:
            self._config = before
            self._configure(program, self.folder)
            raise ServerFailed(f"nginx refuses the configuration: {test.stderr.strip()}")
        old = set(_workers_of(pid))
        send(pid, signal.SIGHUP)
        if not wait_until(lambda: not old.intersection(_workers_of(pid)), seconds=STOP_SECONDS):
            raise with_log_tail("nginx keeps serving with the old configuration", self.log)

    @property
    def folder(self) -> Path:
        """Where the configuration's relative paths lie; there once it has been started."""
        return (self.data_dir / "server").resolve()

    def _program(self) -> Program:
        program = obtain_nginx(self._package_cache, lambda _line: None)
        return Program(*runnable(program, self._package_cache, self._account))

    def _argv(self, program: Program) -> list[str | Path]:
        home = self.folder
        settings = f'daemon off; pid "{home}/nginx.pid";'
        return [program.path, "-p", f"{home}/", "-c", home / "nginx.conf", "-e", "stderr", "-g", settings]

    def _configure(self, program: Program, home: Path) -> None:
        added = "".join(f'    {name}_temp_path "{home}/{name}-temporary";\n' for name in TEMPORARY)
        if "access_log" not in self._config:
            added += "    access_log off;\n"
        text, blocks = re.subn(r"(?m)^(\s*http\s*\{)", lambda found: f"{found[1]}\n{added}", self._config, count=1)
        if not blocks:
            raise ServerFailed("the nginx configuration has no http block")
        replace(home / "nginx.conf", text, self._account)
        replace(home / "mime.types", program.mime_types(), self._account)

    def _end_all(self) -> None:
        # Workers tell whose they are by their session only. While one lives its number is given to nobody else, so
        # a living leader that is not our master means a number from before a restart of the machine.
        remembered = self.data_dir / "session"
        former = int(remembered.read_text()) if remembered.exists() else 0
        sessions = {self.pid, former if former and reap(former) else None} - {None}

        def left() -> list[int]:
            return [pid for pid in processes.find("nginx: ", "process") if _session_of(pid) in sessions]

        found = left()
        for pid in found:
            send(pid, signal.SIGKILL)
        if not wait_gone(left, seconds=STOP_SECONDS, seen=found):
            raise with_log_tail("nginx's processes do not end", self.log)


def _workers_of(master: int) -> list[int]:
    leaving = processes.find("nginx: ", "worker process is shutting down")
    return [
        pid for pid in processes.find("nginx: ", "worker process") if pid not in leaving and _session_of(pid) == master
    ]


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0
