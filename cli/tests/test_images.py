"""O7.1: the Dockerfile is sound, and what it installs for a service is enough for that service, and locked."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from compose_file import ROOT
from leadwire.services import SERVICES, Service

DOCKERFILE = ROOT / "deploy/docker/service.Dockerfile"
UV = ROOT / ".cache/uv/bin/uv"
MEMBERS = sorted(path.parent for path in [*ROOT.glob("libs/*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml")])
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not module.name.rpartition(".")[2].startswith(("__main__", "testing")):
        importlib.import_module(module.name)
importlib.import_module(sys.argv[2])
"""


def test_hadolint_finds_nothing() -> None:
    done = _run([Path(sys.executable).with_name("hadolint"), DOCKERFILE], ROOT)
    assert (done.returncode, done.stdout) == (0, "")


def test_images_run_as_nobody_in_particular() -> None:
    stages = re.split(r"(?m)^FROM ", DOCKERFILE.read_text())
    runtime = next(stage for stage in stages if " AS runtime" in stage)
    assert "USER 10001:10001" in runtime
    for name in ("service", "cli"):
        stage = next(stage for stage in stages if stage.startswith(f"runtime AS {name}\n"))
        assert "USER" not in stage
        assert "ENTRYPOINT" in stage


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_runs_with_its_own_dependencies_only(service: Service, tmp_path: Path) -> None:
    """A shared environment hides what is not declared."""
    name, package = service.name, service.package
    python = _install("build-service", tmp_path, [f"services/{name}"], {"SERVICE": name})
    _imports(python, package, f"{package}.app")
    installed = _installed(python)
    assert {n for n in installed if n.startswith("leadwire-")} == {
        "leadwire-contracts",
        "leadwire-messaging",
        "leadwire-servicekit",
        f"leadwire-{name}",
    }
    _locked(installed)


def test_the_command_has_all_that_it_needs(tmp_path: Path) -> None:
    python = _install("build-cli", tmp_path, ["services", "cli"], {})
    done = _run([python.with_name("leadwire"), "openapi"], tmp_path)
    assert done.returncode == 0, done.stderr
    _locked(_installed(python))


def test_a_file_with_another_hash_is_refused(tmp_path: Path) -> None:
    changed = re.sub(r"(pydantic==(?:.|\n)*?)(?=\n\S)", _spoiled, (ROOT / "requirements.lock").read_text(), count=1)
    with pytest.raises(AssertionError, match="Hash mismatch"):
        _install("build-service", tmp_path, ["services/sponsor-svc"], {"SERVICE": "sponsor-svc"}, lock=changed)


def _spoiled(found: re.Match[str]) -> str:
    return re.sub(r"sha256:\w", lambda digest: "sha256:" + ("0" if digest[0][-1] != "0" else "1"), found[1])


@pytest.mark.parametrize("member", [*MEMBERS, ROOT / "cli"], ids=lambda member: member.name)
def test_every_import_is_declared(member: Path) -> None:
    names = {path: (path.name.replace("-", "_")) for path in MEMBERS}
    modules = ",".join(f"leadwire-{path.name}={module}" for path, module in names.items())
    deptry = Path(sys.executable).with_name("deptry")
    words = [
        "src",
        "--no-ansi",
        "--ignore",
        "DEP002",
        "--extend-exclude",
        r".*/(testing\w*|fuzzing)\.py",
        "--package-module-name-map",
        modules,
    ]
    done = _run([deptry, *words], member)
    assert done.returncode == 0, done.stderr


def _install(stage: str, folder: Path, members: list[str], arguments: dict[str, str], lock: str | None = None) -> Path:
    """Runs the stage's own command in a folder that holds what the image's build would hold."""
    if not UV.exists():
        pytest.fail(f"{UV} is missing: run make .venv/.ready", pytrace=False)
    (folder / "requirements.lock").write_text(lock or (ROOT / "requirements.lock").read_text())
    for member in ["libs", *members]:
        for file in (ROOT / member).rglob("*"):
            part = file.relative_to(ROOT)
            if file.is_file() and "tests" not in part.parts and "__pycache__" not in part.parts:
                (folder / part).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, folder / part)
    environment = folder / "environment"
    _done(_run([UV, "venv", "--quiet", "--python", sys.executable, environment], folder))
    text = DOCKERFILE.read_text().partition(f"FROM build AS {stage}\n")[2].partition("\nFROM ")[0]
    command = re.findall(r"(?s)RUN --mount\S+ \\\n(.*?[^\\])\n", text + "\n")[0].replace("\\\n", " ")
    command = command.replace("/opt/uv/bin/uv", str(UV)).replace("/opt/leadwire", str(environment))
    _done(_run(["sh", "-euc", command], folder, UV_NO_SOURCES="1", **arguments))
    return environment / "bin/python"


def _imports(python: Path, package: str, module: str) -> None:
    _done(_run([python, "-I", "-c", IMPORT_ALL, package, module], python.parent))


def _installed(python: Path) -> dict[str, str]:
    done = _run([UV, "pip", "freeze", "--python", python], python.parent)
    _done(done)
    lines = [re.split("==| @ ", line) for line in done.stdout.split("\n") if line]
    return {line[0]: line[1] for line in lines}


def _locked(installed: dict[str, str]) -> None:
    lock = dict(re.findall(r"(?m)^([a-z0-9._-]+)==([^ ;]+)", (ROOT / "requirements.lock").read_text()))
    others = {name: version for name, version in installed.items() if not name.startswith("leadwire")}
    assert others
    assert {name: lock.get(name) for name in others} == others


def _run(words: list[str | Path], folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "UV_CACHE_DIR": str(ROOT / ".cache/uv-cache"), "UV_PYTHON_DOWNLOADS": "never", **more}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _done(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
