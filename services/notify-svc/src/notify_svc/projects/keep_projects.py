"""Keeps the campaigns, and tells of changes to them that concern their partners."""

from collections.abc import Sequence
from typing import Any

from contracts.events.sponsor import ProjectActivatedV1, ProjectContent, ProjectCreatedV1, ProjectPassivatedV1
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.newest import newest_of
from notify_svc.projects import store
from notify_svc.projects.told import changes_between, told_of
from notify_svc.rules.notify_by_rules import notify_of_changes

_ALWAYS_TOLD = (ProjectCreatedV1, ProjectActivatedV1, ProjectPassivatedV1)


async def keep_projects(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    """An event that is older than what is known, and a change that concerns nobody outside, are not told."""
    for received in batch:
        project: ProjectContent = received.event
        row = store.ProjectRow(
            project_id=project.project_id,
            version=received.envelope.sequence,
            name=project.name,
            state=project.state,
            told=told_of(project),
        )
        newer, was = await store.replace(work, row)
        changes = changes_between(was, row.told) if was is not None else []
        if newer and (changes or isinstance(project, _ALWAYS_TOLD)):
            await notify_of_changes(work, [received], {received.envelope.id: changes})


async def keep_campaigns(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    """Which templates agents may send: they cannot be deleted."""
    campaigns = [
        {
            "project_id": received.event.project_id,
            "version": received.envelope.sequence,
            "template_ids": received.event.email_template_ids,
        }
        for received in newest_of(batch)
    ]
    await store.keep_templates(work, campaigns)
