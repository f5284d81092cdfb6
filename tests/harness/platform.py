"""A running platform, started and killed as its operator would."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

from embedded.ports import free_port

ROOT = Path(__file__).parents[2]
ADMIN_EMAIL, ADMIN_PASSWORD = "admin@e2e.test", "correct-horse-battery-staple"
READY = "Leadwire is ready at "
START_SECONDS = 180
STOP_SECONDS = 60


class Platform:
    """`leadwire up` in a data folder of its own. `mode` is `embedded` or `split`."""

    def __init__(
        self, data_dir: Path, mode: str, *, demo: bool = False, environment: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir
        self.mode = mode
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._demo = demo
        self._environment = environment or {}
        self._process: subprocess.Popen[str] | None = None
        self.output: list[str] = []

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns when it says that it is ready; fails with its output."""
        command = [sys.executable, "-m", "leadwire", "up", "--data-dir", str(self.data_dir), "--port", str(self.port)]
        command += ["--demo" if self._demo else "--no-demo"] + (["--split"] if self.mode == "split" else [])
        environment = {
            **os.environ,
            "LEADWIRE_ADMIN_EMAIL": ADMIN_EMAIL,
            "LEADWIRE_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "LEADWIRE_PACKAGE_CACHE": str(ROOT / ".cache/packages"),
            # Tests receive webhooks on this machine.
            "LEADWIRE_WEBHOOK_ADDRESSES": "loopback",
            "LEADWIRE_WEBHOOK_ALLOW_INSECURE": "true",
            "COLUMNS": "200",
            **self._environment,
        }
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        lines: Queue[str | None] = Queue()
        threading.Thread(target=self._read, args=(self._process, lines), daemon=True).start()
        self._await_ready(lines)

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._process = None
        return process.returncode

    def kill(self) -> None:
        """SIGKILL to the command itself, and to nothing that it started."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def processes(self) -> dict[str, int]:
        """What the platform says about its processes: name to pid."""
        try:
            return json.loads((self.data_dir / "processes.json").read_text())
        except FileNotFoundError:
            return {}

    def _read(self, process: subprocess.Popen[str], lines: "Queue[str | None]") -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                self.output.append(line)
                lines.put(line)
        lines.put(None)

    def _await_ready(self, lines: "Queue[str | None]") -> None:
        try:
            while (line := lines.get(timeout=START_SECONDS)) is not None:
                if line.startswith(READY):
                    return
        except Empty:
            self.kill()
        raise AssertionError("the platform did not become ready:\n" + "".join(self.output[-40:]) + self._last_words())

    def _last_words(self) -> str:
        logs = sorted((self.data_dir / "logs").glob("*.log"))
        tails = {log.name: log.read_text(errors="replace").splitlines()[-5:] for log in logs}
        return "".join(f"\n{name}: {line}" for name, lines in tails.items() for line in lines)


@contextmanager
def running_platform(
    mode: str, *, demo: bool = False, environment: Mapping[str, str] | None = None
) -> Generator[Platform]:
    """Whatever happens inside, nothing of it runs on or is left afterwards.

    Not in pytest's own temporary folders: as root the servers run as another user, who may not enter those.
    """
    data_dir = Path(tempfile.mkdtemp(prefix=f"leadwire-{mode}-"))
    data_dir.chmod(0o755)
    platform = Platform(data_dir, mode, demo=demo, environment=environment)
    try:
        platform.start()
        yield platform
    finally:
        platform.stop()
        shutil.rmtree(data_dir, ignore_errors=True)
