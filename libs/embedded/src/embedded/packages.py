"""A private, unpacked copy of a distribution's package: nothing is installed, no root is needed."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from embedded.errors import NotObtainable
from embedded.remembered import locked

DPKG_STATUS = Path("/var/lib/dpkg/status")


@dataclass(frozen=True)
class Package:
    """A Debian or Ubuntu package, what its unpacked copy needs, and how else a person may get it."""

    name: str
    advice: str
    adapt: Callable[[Path], None] = lambda _prefix: None


def unpacked(package: Package, package_cache: Path, say: Callable[[str], None]) -> Path:
    """Return the folder with the package and what it depends on and this machine lacks.

    The first call downloads through apt, whose signatures hold; later ones find it. Concurrent callers wait
    for each other. Raises NotObtainable.
    """
    prefix = package_cache.absolute() / f"{_system()}-{package.name}"
    if prefix.exists():
        return prefix
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb") and DPKG_STATUS.exists()):
        raise NotObtainable(f"{package.name} is not installed, and there is no apt to fetch it with; {package.advice}")
    with locked(package_cache / "packages.lock"):
        if prefix.exists():
            return prefix
        say(f"Fetching {package.name} into {package_cache} (nothing is installed)")
        work = package_cache.absolute() / f"part-{token_hex(4)}"
        try:
            (work / "prefix").mkdir(parents=True)
            _fetch_and_unpack(package, work)
            package.adapt(work / "prefix")
            (work / "prefix").rename(prefix)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return prefix


def _system() -> str:
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    return f"{release.get('ID', 'unknown')}{release.get('VERSION_ID', '')}-{platform.machine()}"


def _fetch_and_unpack(package: Package, work: Path) -> None:
    for folder in ("lists/partial", "cache/archives/partial", "debs"):
        (work / folder).mkdir(parents=True)
    # Only what is not found afterwards counts: one dead third-party source must not stop us.
    _apt(work, "update")
    plan = _apt(work, "install", "--simulate", "--no-install-recommends", package.name)
    wanted = re.findall(r"^Inst (\S+) (?:\[[^\]]*\] )?\((\S+)", plan.stdout, flags=re.MULTILINE)
    fetched = _apt(work, "download", *(f"{name}={version}" for name, version in wanted)) if wanted else plan
    debs = sorted((work / "debs").glob("*.deb"))
    if fetched.returncode != 0 or not debs:
        reason = "\n".join(fetched.stderr.strip().splitlines()[-5:])
        raise NotObtainable(f"{package.name} is not installed and apt cannot fetch it; {package.advice}\n{reason}")
    for deb in debs:
        _run(["dpkg-deb", "-x", str(deb), str(work / "prefix")], work).check_returncode()


def _apt(work: Path, *words: str) -> subprocess.CompletedProcess[str]:
    options = [
        *("-o", f"Dir::State={work}", "-o", f"Dir::State::status={DPKG_STATUS}", "-o", f"Dir::Cache={work / 'cache'}"),
        *("-o", "Acquire::Languages=none", "-o", "Acquire::Retries=3", "-o", "Debug::NoLocking=1"),
        # As root apt would drop to a user who cannot write below a closed folder.
        *("-o", "APT::Sandbox::User=root"),
    ]
    return _run(["apt-get", "--quiet", "--yes", *options, *words], work / "debs")


def _run(argv: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(  # noqa: S603 - apt and dpkg with names of ours
        argv, cwd=folder, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
