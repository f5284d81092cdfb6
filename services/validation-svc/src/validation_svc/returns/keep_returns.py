"""Keeps which returns stand: asked for, disputed, escalated or accepted; one that was declined does not."""

from collections.abc import Sequence
from typing import Any

from contracts.events.intake import ReturnContent, ReturnDeclinedV1
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from validation_svc.returns import store


async def keep_returns(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    newest: dict[str, Received[ReturnContent]] = {}
    for received in batch:
        known = newest.get(received.event.return_id)
        if known is None or known.envelope.sequence < received.envelope.sequence:
            newest[received.event.return_id] = received
    await store.upsert_returns(work, [_row(received) for received in newest.values()])


def _row(received: Received[ReturnContent]) -> store.ReturnRow:
    event = received.event
    stands = not isinstance(event, ReturnDeclinedV1)
    return store.ReturnRow(event.return_id, event.lead.lead_id, received.envelope.sequence, stands)
