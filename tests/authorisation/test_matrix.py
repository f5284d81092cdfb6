"""G6.1, security.md: every operation of every service × every access level × own, foreign and unknown objects."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from itertools import groupby
from pathlib import Path

import pytest
import pytest_asyncio
from leadwire.documents import openapi_document

from authorisation import matrix
from authorisation.dry import dry, watched
from authorisation.rows import LEVELS, May
from authorisation.walking import OWN, UNKNOWN, Case, Walk, cases_of
from authorisation.world import World, made_world

ROWS = list(matrix.rows())
AT_LEAST = 3_000


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """Not in pytest's own temporary folders: as root PostgreSQL runs as another user, who may not enter those."""
    folder = Path(tempfile.mkdtemp(prefix="leadwire-matrix-"))
    folder.chmod(0o755)
    try:
        async with made_world(folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def walk(world: World) -> AsyncIterator[Walk]:
    with pytest.MonkeyPatch.context() as patch, watched() as failures:
        # No event comes any more: nobody needs to wait for a project that may be on its way.
        patch.setattr("assignment_svc.campaigns.access._PAUSE_SECONDS", 0)
        async with dry(world.host):
            yield Walk(world, failures)


async def test_every_operation_of_the_platform_is_in_the_matrix() -> None:
    document = await openapi_document()
    there_are = {f"{method.upper()} {path}" for path, each in document["paths"].items() for method in each}
    missing, gone = sorted(there_are - matrix.operations()), sorted(matrix.operations() - there_are)
    assert missing == [], (
        "say who may do it, in one line of tests/authorisation/tables/<service>.py, from the specification:\n"
        + "\n".join(f'    "{operation}": may("admin supervisor", own="partner", body={{…}}),' for operation in missing)
    )
    assert gone == [], "no service has these any more: take the lines out of tests/authorisation/tables"


def test_the_matrix_has_thousands_of_cases() -> None:
    cases = [case for row in ROWS for case in cases_of(*row)]
    assert len(cases) >= AT_LEAST
    assert {case.level for case in cases} == set(LEVELS)


@pytest.mark.parametrize(("service", "operation", "row"), ROWS, ids=[f"{row[1]}-{n}" for n, row in enumerate(ROWS)])
async def test_g6_1_who_may(walk: Walk, service: str, operation: str, row: May) -> None:
    """Denied: 401, 403 or 404, and nothing changed. A foreign object looks like an unknown one, byte by byte. Allowed:
    let through, with the own objects in the answer and none of the other side's.
    """
    wrong: list[str] = []
    for _, cases in groupby(cases_of(service, operation, row), key=lambda case: case.level):
        answers = [(case, await walk.ask(case)) for case in _unknown_first(list(cases))]
        unknown = answers[0][1]
        for case, answer in answers:
            if objection := walk.objection(case, answer, unknown):
                wrong.append(f"{case}: {objection}")
    assert wrong == [], "\n" + "\n".join(wrong)


def _unknown_first(cases: list[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: (case.kind != UNKNOWN, case.kind != OWN))
