"""Operations that open their transactions themselves: no edge puts one of its own around them.

Two edges would: an idempotency key's, which stores the answer with its effect, and the audit's, which writes an entry
with its change. Where part of what an operation does has to stay although it fails, as a counted guess, both would undo
it. So one mark is read by both, and neither can be forgotten.
"""

from collections.abc import Callable
from typing import Any, TypeVar

_MARK = "why_own_transactions"
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def own_transactions(why: str) -> Callable[[Endpoint], Endpoint]:
    """Marks an endpoint, which is then deaf to `Idempotency-Key`.

    Unless the service exempts the operation from audit, watched rows have to tell what it did, or it `record`s it.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, why)
        return endpoint

    return mark


def why_own(endpoint: object) -> str | None:
    """None for an endpoint that the edges put their transactions around."""
    return getattr(endpoint, _MARK, None)
