"""What became of a row."""

from collections.abc import Sequence

import msgspec
from contracts.events.values import Problem

FAILED = frozenset({"rejected", "invalid"})


class RowOutcome(msgspec.Struct, frozen=True):
    """`cells` only of a row that goes into the file of failures."""

    line: int
    result: str
    lead_id: str | None = None
    problems: Sequence[Problem] = ()
    cells: Sequence[str] | None = None
