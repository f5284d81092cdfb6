"""Which agents are on a campaign (A3.2), and telling others of a campaign that changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.events.assignment import CampaignChangedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import invalid

from assignment_svc.campaign_settings.store import read_settings
from assignment_svc.campaigns import store
from assignment_svc.reference.store import notice
from assignment_svc.work_items.give_back import give_back
from assignment_svc.work_items.store import find_claims
from assignment_svc.work_items.transition import transition


@dataclass(frozen=True, slots=True)
class Difference:
    added: list[str]
    removed: list[str]
    kept: list[str]


async def tick_agents(
    work: UnitOfWork, project_id: str, actor: str, agent_ids: Sequence[str], *, release: bool | None
) -> None:
    """Replaces who is ticked; those who are not any more get nothing of it from their next request on.

    `release`: whether their claims go back, without an attempt; None: as the campaign's settings say.
    """
    if await store.find_not_agents(work, agent_ids):
        raise invalid("not-an-agent", "Only leads agents can be on a campaign.", "/agent_ids")
    version, gone = await store.replace_agents(work, project_id, agent_ids)
    await notice(work)
    await tell_change(work, project_id, actor, version)
    if release is None:
        release = (await read_settings(work, project_id)).claims_on_untick == "release"
    for agent_id in gone if release else ():
        claims = await find_claims(work, agent_id, project_id)
        await transition(work, [give_back(item, actor, why="off-campaign") for item in claims])


async def compare_agents(work: UnitOfWork, project_id: str, from_project_id: str) -> Difference:
    """What copying the agents of another campaign would change."""
    mine = set(await store.read_agents(work, project_id))
    theirs = set(await store.read_agents(work, from_project_id))
    return Difference(sorted(theirs - mine), sorted(mine - theirs), sorted(mine & theirs))


async def tell_change(work: UnitOfWork, project_id: str, actor: str, version: int) -> None:
    templates = await store.read_templates(work, project_id)
    event = CampaignChangedV1(
        project_id=project_id,
        agent_ids=await store.read_agents(work, project_id),
        actor=actor,
        email_template_ids=templates["email"],
        survey_template_ids=templates["survey"],
    )
    work.publish(event, sequence=version)
