"""Of a batch of events that carry whole entities, the newest of each."""

from collections.abc import Sequence
from typing import Any

from messaging.subscription import Received


def newest_of(batch: Sequence[Received[Any]]) -> list[Received[Any]]:
    newest: dict[str, Received[Any]] = {}
    for received in batch:
        known = newest.get(received.event.subject)
        if known is None or known.envelope.sequence < received.envelope.sequence:
            newest[received.event.subject] = received
    return list(newest.values())
