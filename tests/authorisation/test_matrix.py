"""G6.1, security.md: every operation of every service by every access level by own, foreign and unknown objects."""

from itertools import groupby

import pytest
from leadwire.documents import openapi_document

from authorisation import matrix
from authorisation.rows import LEVELS, May
from authorisation.walking import OWN, UNKNOWN, Case, Walk, cases_of

ROWS = list(matrix.rows())
AT_LEAST = 3_000


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
