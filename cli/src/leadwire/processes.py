"""Child processes that are kept running: started again when they end, stopped together."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 20
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 10.0  # whoever ran this long starts again at once


@dataclass(frozen=True, slots=True)
class Program:
    """`environment` is added to PATH, HOME and the like, never printed."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


class Supervisor:
    """Keeps programs running until stop(); output goes to `<folder>/logs`, pids to `<folder>/processes.json`."""

    def __init__(self, folder: Path) -> None:
        self.logs = folder / "logs"
        self._pids_file = folder / "processes.json"
        self._pids: dict[str, int] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self.logs.mkdir(parents=True, exist_ok=True)

    def start(self, program: Program) -> None:
        self._keepers.append(asyncio.create_task(self._keep(program), name=program.name))

    @property
    def pids(self) -> Mapping[str, int]:
        """What runs now, by name."""
        return self._pids

    def note(self, name: str, pid: int | None) -> None:
        """Writes down the pid of something that is kept elsewhere."""
        if pid is None:
            self._pids.pop(name, None)
        elif self._pids.get(name) != pid:
            self._pids[name] = pid
        else:
            return
        part = self._pids_file.with_suffix(".new")
        part.write_text(json.dumps(self._pids, indent=1))
        part.replace(self._pids_file)

    async def stop(self) -> None:
        """SIGTERM to all, SIGKILL to those that are still there after STOP_SECONDS."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers = []
        self._pids_file.unlink(missing_ok=True)

    async def _keep(self, program: Program) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_SECONDS
        while True:
            started = loop.time()
            await self._run(program)
            pause = (
                FIRST_PAUSE_SECONDS if loop.time() - started > STEADY_SECONDS else min(pause * 2, LONGEST_PAUSE_SECONDS)
            )
            await asyncio.sleep(pause)

    async def _run(self, program: Program) -> None:
        with (self.logs / f"{program.name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**_inherited(), **program.environment},
                start_new_session=True,
            )
        self.note(program.name, process.pid)
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                await _end(process)
            self.note(program.name, None)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _inherited() -> dict[str, str]:
    """Settings of other installations must not leak in."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LEADWIRE_")}
