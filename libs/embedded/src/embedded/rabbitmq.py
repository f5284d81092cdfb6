"""A private RabbitMQ node."""

import secrets
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from embedded import processes
from embedded.account import server_account
from embedded.amqp_login import accepts
from embedded.errors import ServerFailed, with_log_tail
from embedded.homes import private_home
from embedded.ports import free_port, is_free
from embedded.processes import Launch, launch, reap, send, wait_gone, wait_until
from embedded.rabbitmq_guests import Guest
from embedded.rabbitmq_programs import Programs, obtain_rabbitmq, programs_for
from embedded.rabbitmq_settings import Ports, configuration, environment
from embedded.remembered import locked, remember, replace

USER: Final = "leadwire"
START_SECONDS: Final = 90
STOP_SECONDS: Final = 30
CTL_SECONDS: Final = 60
ANSWER_SECONDS: Final = 5
PORT_TRIES: Final = 3


class RabbitServer:
    """One private node with its own epmd: start() is idempotent on the same data folder, survives kill -9.

    It listens on 127.0.0.1 only. Password, ports and the node's name are remembered in data_dir. As root the
    node runs as nobody.
    """

    def __init__(
        self, data_dir: Path, *, package_cache: Path, port: int | None = None, management: bool = False
    ) -> None:
        """Name the folders; nothing is started or fetched.

        port None: a free port is chosen once and kept, unless somebody else listens there at a later start.
        management: with the management plugin (more memory, a slower stop).
        """
        self.data_dir = data_dir.absolute()
        self._package_cache = package_cache.absolute()
        self._wanted_port = port
        self._management = management
        self._account = server_account()

    @property
    def log(self) -> Path:
        return self.data_dir / "server.log"

    @property
    def port(self) -> int:
        return self._wanted_port or self._port("port")

    @property
    def management_port(self) -> int:
        """The port of the management plugin's HTTP API, where the node was built with it."""
        return self._port("management-port")

    @property
    def pid(self) -> int | None:
        """The node's pid while it lives."""
        nodes = self._nodes()
        return nodes[0] if nodes else None

    def is_running(self) -> bool:
        return self.pid is not None

    def url(self, vhost: str = "/") -> str:
        """Return amqp://… for the administrator."""
        path = "" if vhost == "/" else quote(vhost, safe="")
        return f"amqp://{USER}:{self._password}@127.0.0.1:{self.port}/{path}"

    def guest_url(self, guest: Guest) -> str:
        return f"amqp://{guest.name}:{quote(guest.password, safe='')}@127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Bring the node up and return when it answers AMQP clients, about 4 s later.

        A node that an earlier process has left behind is taken over. Raises ServerFailed, and NotObtainable when
        RabbitMQ is neither installed nor to be had.
        """
        try:
            with locked(self.data_dir / "lock"):
                home = private_home(self.data_dir, self._account)
                if self._take_over():
                    return
                self._end_all()
                self._bring_up(self._programs(), home)
        except OSError as error:
            raise ServerFailed(f"RabbitMQ cannot use the folder {self.data_dir}: {error}") from error

    def stop(self) -> None:
        """Shut down in order. No-op when it is down."""
        pid = self.pid
        if pid is not None:
            send(pid, signal.SIGTERM)
            wait_until(lambda: reap(pid), seconds=STOP_SECONDS)
        self._end_all()

    def kill(self) -> None:
        """SIGKILL the node and its epmd, and return when they are gone: what a fault test wants."""
        self._end_all()

    def ctl(self, *args: str) -> str:
        """Run rabbitmqctl against this node (about 1 s) and return what it prints; ServerFailed when it refuses."""
        programs = self._programs()
        home = (self.data_dir / "server").resolve()
        try:
            done = subprocess.run(  # noqa: S603 - a path found by us
                ["/bin/sh", "./rabbitmqctl", "--quiet", "--node", self._node, *args],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=CTL_SECONDS,
                env=environment(home, self._node, self._ports, programs.path),
                cwd=programs.scripts,
                user=self._account.uid,
                group=self._account.gid,
                extra_groups=self._account.extra_groups,
            )
        except subprocess.TimeoutExpired as error:
            raise ServerFailed(f"rabbitmqctl {args[0]} did not answer within {CTL_SECONDS} s") from error
        output = done.stdout.decode("utf-8", "replace").strip()
        if done.returncode != 0:
            raise ServerFailed(f"rabbitmqctl {args[0]} failed: {output}")
        return output

    def let_in(self, *guests: Guest) -> None:
        """Make users, or give them the passwords and rights of now (about 1 s, however many)."""
        self.ctl("eval", " ".join(guest.expression for guest in guests) + " ok.")

    def settle(self) -> None:
        """Put the register of quorum queues on disk (about 1 s): call it after declaring queues.

        RabbitMQ does so by itself within 1.5 s (measured on 3.10). A kill -9 before that loses a new queue's
        content, confirmed messages too.
        """
        self.ctl("eval", "[dets:sync(Table) || Table <- dets:all()].")

    @property
    def _password(self) -> str:
        # Letters and digits only: it stands in a URL and in rabbitmq.conf.
        return remember(self.data_dir / "password", lambda: secrets.token_hex(16))

    @property
    def _node(self) -> str:
        # On the node's command line too: its process is found without rights to look into it.
        return remember(self.data_dir / "node", lambda: f"leadwire-{secrets.token_hex(6)}@localhost")

    def _port(self, name: str) -> int:
        return int(remember(self.data_dir / name, lambda: str(free_port())))

    @property
    def _ports(self) -> Ports:
        return Ports(self.port, self._port("epmd-port"), self._port("distribution-port"), self.management_port)

    def _nodes(self) -> list[int]:
        mark = f"-leadwire {self._node}"
        return processes.find("beam", mark)

    def _epmds(self) -> list[int]:
        mark = f"-port {self._port('epmd-port')} -address 127.0.0.1"
        return processes.find("epmd", mark)

    def _programs(self) -> Programs:
        server = obtain_rabbitmq(self._package_cache, lambda _line: None)
        return programs_for(self._account, server, self._package_cache)

    def _take_over(self) -> bool:
        wait_until(lambda: self._answers() or self.pid is None, seconds=START_SECONDS if self.is_running() else 0)
        return self.is_running() and self._answers()

    def _answers(self) -> bool:
        """Tell whether this node lets us in, which it does at the very end of its start."""
        return accepts(self.port, USER, self._password, seconds=ANSWER_SECONDS)

    def _end_all(self) -> None:
        left = self._nodes() + self._epmds()
        for pid in left:
            send(pid, signal.SIGKILL)
        if not wait_gone(self._nodes, seconds=STOP_SECONDS, seen=left):
            raise with_log_tail("RabbitMQ's processes do not end", self.log)

    def _bring_up(self, programs: Programs, home: Path) -> None:
        """Start the node; where somebody else took one of its ports meanwhile, once more with another."""
        for tries_left in reversed(range(PORT_TRIES)):
            self._choose_ports()
            self._configure(home)
            try:
                self._launch(programs, home)
            except ServerFailed:
                if not (tries_left and self._taken_ports()):
                    raise
            else:
                return

    def _choose_ports(self) -> None:
        for name in self._taken_ports():
            replace(self.data_dir / name, str(free_port()))

    def _taken_ports(self) -> list[str]:
        names = ["epmd-port", "distribution-port", "management-port", *(["port"] if self._wanted_port is None else [])]
        return [name for name in names if not is_free(self._port(name))]

    def _configure(self, home: Path) -> None:
        texts = {
            "rabbitmq.conf": configuration(self._ports, USER, self._password),
            "advanced.config": "[].\n",
            "enabled_plugins": "[rabbitmq_management].\n" if self._management else "[].\n",
        }
        for name, text in texts.items():
            replace(home / name, text, self._account)
        if not (home / ".erlang.cookie").exists():
            replace(home / ".erlang.cookie", secrets.token_hex(16), self._account)

    def _launch(self, programs: Programs, home: Path) -> None:
        ports, node = self._ports, self._node
        settings = environment(home, node, ports, programs.path)

        def run(argv: Sequence[str]) -> int:
            # From the scripts' own folder: they break on a space in the name by which they are called.
            return launch(Launch(argv, self._account, settings, programs.scripts, self.log))

        # An epmd of our own, first: when the node has to start one, its registration can come too early.
        run(["epmd", "-port", str(ports.epmd), "-address", "127.0.0.1"])
        if not wait_until(lambda: not is_free(ports.epmd), seconds=START_SECONDS):
            raise with_log_tail("epmd did not start", self.log)
        pid = run(["/bin/sh", "./rabbitmq-server"])
        if wait_until(lambda: reap(pid) or self._answers(), seconds=START_SECONDS, every=0.05) and self.is_running():
            return
        self._end_all()
        raise with_log_tail(f"RabbitMQ did not start on port {ports.amqp}", self.log)
