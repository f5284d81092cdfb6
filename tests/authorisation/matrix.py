"""Who may do what: the whole matrix. A new operation is one line in the table of its service.

These tables are the expectation. They are written from the specification and never from the code under test.
"""

from collections.abc import Iterator
from typing import Final

from authorisation.rows import May, Table
from authorisation.tables.assignment import ASSIGNMENT
from authorisation.tables.identity import IDENTITY
from authorisation.tables.intake import INTAKE
from authorisation.tables.notify import NOTIFY
from authorisation.tables.operations import dead_letters
from authorisation.tables.sponsor import SPONSOR
from authorisation.tables.validation import VALIDATION

_OWN: Final[dict[str, Table]] = {
    "identity-svc": IDENTITY,
    "sponsor-svc": SPONSOR,
    "lead-intake-svc": INTAKE,
    "assignment-svc": ASSIGNMENT,
    "validation-svc": VALIDATION,
    "notify-svc": NOTIFY,
}
TABLES: Final = {service: {**table, **dead_letters(service)} for service, table in _OWN.items()}


def rows() -> Iterator[tuple[str, str, May]]:
    """Service, operation, row; an operation may have several rows."""
    for service, table in TABLES.items():
        for operation, row in table.items():
            for each in row if isinstance(row, list) else [row]:
                yield service, operation, each


def operations() -> set[str]:
    return {operation for table in TABLES.values() for operation in table}
