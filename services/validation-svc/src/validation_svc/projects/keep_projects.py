"""Keeps the projection of projects, and notices when one lets its held leads go (V4.1)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from contracts.events.sponsor import ProjectContent
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from validation_svc.projects import store
from validation_svc.releases.store import plan_releases


async def keep_projects(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    newest: dict[str, Received[ProjectContent]] = {}
    for received in batch:
        known = newest.get(received.event.project_id)
        if known is None or known.envelope.sequence < received.envelope.sequence:
            newest[received.event.project_id] = received
    turned = await store.upsert_projects(work, [_row(p.event, p.envelope.sequence) for p in newest.values()])
    if turned:
        await plan_releases(work, turned, timedelta(0))


def _row(project: ProjectContent, version: int) -> store.ProjectRow:
    """A vocabulary that grew since must not stop us: what we do not know is taken for the careful choice."""
    rules = project.validation
    return store.ProjectRow(
        project_id=project.project_id,
        name=project.name,
        call_centre_validation=project.call_centre_validation,
        max_attempts=rules.max_attempts,
        held_leads=rules.held_leads if rules.held_leads == "release" else "keep",
        propose_return=rules.propose_return if rules.propose_return in {"automatic", "ask"} else "never",
        version=version,
    )
