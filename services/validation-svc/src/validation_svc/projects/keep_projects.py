"""Keeps the projection of projects."""

from collections.abc import Sequence
from typing import Any

from contracts.events.sponsor import ProjectContent
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from validation_svc.projects import store


async def keep_projects(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    newest: dict[str, Received[ProjectContent]] = {}
    for received in batch:
        known = newest.get(received.event.project_id)
        if known is None or known.envelope.sequence < received.envelope.sequence:
            newest[received.event.project_id] = received
    await store.upsert_projects(
        work,
        [
            store.ProjectRow(p.event.project_id, p.event.name, p.event.call_centre_validation, p.envelope.sequence)
            for p in newest.values()
        ],
    )
