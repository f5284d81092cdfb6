"""Upcasters: how an event of an older major is read as one of the next."""

from collections.abc import Callable
from typing import Any, TypeVar

from contracts.event import Event

Old = TypeVar("Old", bound=Event)
New = TypeVar("New", bound=Event)

UPCASTERS: dict[str, Callable[[Any], Event]] = {}


def upcaster(from_type: str) -> Callable[[Callable[[Old], New]], Callable[[Old], New]]:
    """Registers a pure function that makes the next major's event of one of `from_type`."""

    def register(function: Callable[[Old], New]) -> Callable[[Old], New]:
        if from_type in UPCASTERS:
            raise ValueError(f"two upcasters from {from_type}")
        UPCASTERS[from_type] = function
        return function

    return register
