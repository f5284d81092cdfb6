"""A private PostgreSQL server."""

import contextlib
import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from embedded import processes
from embedded.account import server_account
from embedded.errors import ServerFailed, with_log_tail
from embedded.homes import private_home
from embedded.ports import free_port, is_free
from embedded.postgres_programs import Programs, find_programs
from embedded.postgres_settings import configuration, initdb_options
from embedded.processes import Launch, launch, reap, send, wait_gone, wait_until
from embedded.remembered import locked, remember, replace

SUPERUSER: Final = "leadwire"
START_SECONDS: Final = 120  # replaying the log after a crash counts too
STOP_SECONDS: Final = 30
ORPHAN_SECONDS: Final = 5  # back-ends notice within 1.2 s that the postmaster is gone
ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


class PostgresServer:
    """One private server: start() is idempotent on the same data folder, survives kill -9 and stale pid files.

    It listens on 127.0.0.1 only. The superuser's password, the port and the name of the cluster are
    remembered in data_dir. As root the server runs as nobody.
    """

    def __init__(self, data_dir: Path, *, port: int | None = None, fast: bool = False) -> None:
        """Name the folder; nothing is started.

        port None: a free port is chosen once and kept, unless somebody else listens there at a later start.
        fast: less memory, for tests; what is acknowledged is on disk all the same.
        """
        self.data_dir = data_dir.absolute()
        self._wanted_port = port
        self._fast = fast
        self._account = server_account()

    @property
    def log(self) -> Path:
        return self.data_dir / "server.log"

    @property
    def port(self) -> int:
        return self._wanted_port or int(remember(self.data_dir / "port", lambda: str(free_port())))

    @property
    def pid(self) -> int | None:
        """The postmaster's pid while it lives."""
        state = self._state()
        return int(state[0]) if state else None

    def is_running(self) -> bool:
        return self.pid is not None

    def dsn(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """Return postgresql://…; without a password, the superuser's."""
        secret = self._password if password is None else password
        return f"postgresql://{quote(user, safe='')}:{quote(secret, safe='')}@127.0.0.1:{self.port}/{quote(database)}"

    def start(self) -> None:
        """Bring the server up and return when it accepts connections; make the cluster when there is none.

        A postmaster that an earlier process has left behind is taken over. Raises ServerFailed.
        """
        try:
            with locked(self.data_dir / "lock"):
                home = private_home(self.data_dir, self._account)
                if self._take_over():
                    return
                self._await_end()
                (home / "pgdata/postmaster.pid").unlink(missing_ok=True)
                self._launch(self._prepared(home), home)
        except OSError as error:
            raise ServerFailed(f"PostgreSQL cannot use the folder {self.data_dir}: {error}") from error

    def stop(self) -> None:
        """Shut down: open transactions are rolled back, nothing is left to recover. No-op when it is down."""
        pid = self.pid
        if pid is None:
            return
        send(pid, signal.SIGINT)
        if not wait_until(lambda: reap(pid), seconds=STOP_SECONDS):
            send(pid, signal.SIGQUIT)
        self._await_end([pid])

    def kill(self) -> None:
        """SIGKILL the postmaster, and return when its back-ends are gone too: what a fault test wants."""
        pid, all_of_it = self.pid, self.process_ids()
        if pid is not None:
            send(pid, signal.SIGKILL)
        self._await_end(all_of_it)

    @property
    def _password(self) -> str:
        return remember(self.data_dir / "password", lambda: secrets.token_urlsafe(24))

    @property
    def _cluster(self) -> str:
        # Part of every process title of this server, so its processes are found without rights to look into them.
        return remember(self.data_dir / "cluster", lambda: f"leadwire-{secrets.token_hex(6)}")

    @property
    def pgdata(self) -> Path:
        return (self.data_dir / "server").resolve() / "pgdata"

    def process_ids(self) -> list[int]:
        """Return the postmaster and its back-ends, those without a postmaster too."""
        return processes.find("postgres", self._cluster)

    def _state(self) -> list[str]:
        try:
            lines = (self.pgdata / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []
        return lines if lines and int(lines[0]) in self.process_ids() else []

    def _status(self) -> str:
        """Return starting, ready or stopping, or nothing when no postmaster lives."""
        state = self._state()
        return (state[7].strip() if len(state) > 7 else "starting") if state else ""

    def _take_over(self) -> bool:
        wait_until(lambda: self._status() != "starting", seconds=START_SECONDS)
        if self._status() == "ready" and int(self._state()[3]) == self.port:
            return True
        self.stop()
        return False

    def _await_end(self, seen: Sequence[int] = ()) -> None:
        if not wait_gone(self.process_ids, seconds=ORPHAN_SECONDS, seen=seen):
            left = self.process_ids()
            for pid in left:
                send(pid, signal.SIGKILL)
            if not wait_gone(self.process_ids, seconds=ORPHAN_SECONDS, seen=left):
                raise with_log_tail("PostgreSQL's processes do not end", self.log)

    def _prepared(self, home: Path) -> Programs:
        pgdata = home / "pgdata"
        made_by = pgdata / "PG_VERSION"
        programs = find_programs(self._account, major=int(made_by.read_text()) if made_by.exists() else None)
        if not made_by.exists():
            self._initialise(programs, home)
        replace(pgdata / "postgresql.conf", configuration(programs.major, fast=self._fast), self._account)
        return programs

    def _initialise(self, programs: Programs, home: Path) -> None:
        # Made aside and renamed: an initdb that was killed half-way leaves nothing that looks like a cluster.
        fresh, secret = home / "pgdata.new", home / "password.new"
        shutil.rmtree(fresh, ignore_errors=True)
        replace(secret, self._password, self._account)
        done = subprocess.run(  # noqa: S603 - a path found by us
            [
                *(programs.folder / "initdb", "-D", fresh, "-U", SUPERUSER, f"--pwfile={secret}"),
                *initdb_options(programs.major),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            env=ENVIRONMENT,
            cwd=home,
            user=self._account.uid,
            group=self._account.gid,
            extra_groups=self._account.extra_groups,
        )
        secret.unlink()
        if done.returncode != 0:
            raise ServerFailed(f"initdb failed:\n{done.stdout.decode('utf-8', 'replace')}")
        fresh.rename(home / "pgdata")

    def _launch(self, programs: Programs, home: Path) -> None:
        if self._wanted_port is None and not is_free(self.port):
            replace(self.data_dir / "port", str(free_port()))
        argv = [
            *(programs.folder / "postgres", "-D", home / "pgdata"),
            *("-c", f"port={self.port}", "-c", f"cluster_name={self._cluster}"),
        ]
        pid = launch(Launch(argv, self._account, ENVIRONMENT, home, self.log))
        wait_until(lambda: reap(pid) or self._status() == "ready", seconds=START_SECONDS)
        if self._status() != "ready":
            with contextlib.suppress(ServerFailed):
                self.kill()
            raise with_log_tail(f"PostgreSQL did not start on port {self.port}", self.log)
