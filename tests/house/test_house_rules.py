"""Rules of this house that no linter knows; each failure says what to do instead."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for pattern in ("libs/*/src/**/*.py", "services/*/src/**/*.py", "cli/src/**/*.py")
    for path in ROOT.glob(pattern)
)
TESTS = sorted(
    path for pattern in ("*/*/tests/**/*.py", "cli/tests/**/*.py", "tests/**/*.py") for path in ROOT.glob(pattern)
)
SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM)\s")
IMPURE = {"fastapi", "starlette", "sqlalchemy", "asyncpg", "aio_pika", "pydantic", "messaging", "servicekit"}


def _in_services(paths: list[Path]) -> Iterator[Path]:
    return (path for path in paths if "services" in path.parts)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_sql_of_services_stands_in_their_stores() -> None:
    """A statement decides correctness and speed: whoever looks for one looks into `store.py`."""
    elsewhere = [
        f"{_name(path)}:{node.lineno}"
        for path in _in_services(SOURCES)
        if path.name not in {"store.py", "testing.py"} and "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
    ]
    assert elsewhere == [], "move the statement into the feature's store.py"


def test_pure_rules_import_no_machinery() -> None:
    """Rules take plain values and give decisions; then they can be read, and tried by the thousand."""
    wrong = [
        f"{_name(path)} imports {module}"
        for path in _in_services(SOURCES)
        if path.name in {"rules.py", "statutory.py", "windows.py"} or path.parent.name in {"checks", "calling_hours"}
        for module in _imported(path)
        if module.split(".", 1)[0] in IMPURE
    ]
    assert wrong == [], "hand plain values in, and raise what the use case turns into an error"


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize(("paths", "most"), [(SOURCES, 400), (TESTS, 500)], ids=["sources", "tests"])
def test_files_are_small(paths: list[Path], most: int) -> None:
    """None over the limit, nine in ten under 250 lines, half under 110."""
    lengths = sorted((len(path.read_text().splitlines()), _name(path)) for path in paths)
    assert lengths[-1][0] <= most, f"split {lengths[-1][1]}"
    assert lengths[int(len(lengths) * 0.9)][0] <= 250
    assert lengths[len(lengths) // 2][0] <= 110


def test_nothing_sleeps_to_be_right() -> None:
    """A test that sleeps a fixed time is slow on a fast machine and wrong on a slow one: wait for the effect."""
    sleeping = [
        f"{_name(path)}:{node.lineno}"
        for path in TESTS
        if path.name.startswith("test_")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep"
    ]
    assert sleeping == []


def test_handlers_never_commit() -> None:
    """The edge opens the unit of work, and it commits before the answer and before the acknowledgement."""
    committing = [
        f"{_name(path)}:{node.lineno}"
        for path in _in_services(SOURCES)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}
    ]
    assert committing == []


def test_tests_that_prove_a_promise_exist() -> None:
    """docs/guarantees.md is believed: a test that was renamed or removed must not stay in it."""
    named = set(re.findall(r"\btest_\w+\.py\b", (ROOT / "docs/guarantees.md").read_text()))
    assert named - {path.name for path in TESTS} == set()


def test_tests_that_show_a_row_of_security_exist() -> None:
    """docs/security.md says which test shows what, by file and name: a row whose test is gone is a promise only."""
    text = (ROOT / "docs/security.md").read_text()
    there_are = {
        f"{path.name}::{node.name}"
        for path in TESTS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert set(re.findall(r"\b\w+\.py::\w+", text)) - there_are == set()
    assert set(re.findall(r"\btest_\w+\.py\b", text)) - {path.name for path in TESTS} == set()
