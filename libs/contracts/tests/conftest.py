from collections.abc import Iterator

import pytest
from contracts.event import EVENT_TYPES, Event
from contracts.upcast import UPCASTERS


@pytest.fixture
def registry() -> Iterator[dict[str, type[Event]]]:
    """The registry, which is as it was after the test."""
    types, upcasters = dict(EVENT_TYPES), dict(UPCASTERS)
    yield EVENT_TYPES
    for current, before in ((EVENT_TYPES, types), (UPCASTERS, upcasters)):
        current.clear()
        current.update(before)  # pyright: ignore[reportArgumentType, reportCallIssue] -- pairs of the same kind
