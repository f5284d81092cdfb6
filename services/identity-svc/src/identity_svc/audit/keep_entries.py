"""Every service's entries come to one place."""

from collections.abc import Sequence
from typing import Any

from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from identity_svc.audit import store


async def keep_entries(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    """The service is taken from the envelope: nobody can tell in the name of another."""
    await store.insert(work, [(received.envelope.source.rpartition("/")[2], received.event) for received in batch])
