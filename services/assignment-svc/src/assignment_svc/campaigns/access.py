"""Who may open a campaign: supervisors each one, agents those they are on or have a lead of."""

from messaging.unit_of_work import UnitOfWork
from servicekit.identity import Identity
from servicekit.problems import not_found

from assignment_svc.campaigns import store
from assignment_svc.scope import require_supervisor, scope_of


async def require_campaign(work: UnitOfWork, caller: Identity, project_id: str) -> None:
    """For reading. Raises 404 for one that is not there, or not for the caller, alike."""
    agent_id = scope_of(caller).agent_id
    opened = await (
        store.project_known(work, project_id) if agent_id is None else store.works_for(work, agent_id, project_id)
    )
    if not opened:
        raise not_found()


async def require_writable(work: UnitOfWork, caller: Identity, project_id: str) -> None:
    """For supervisors, 403 for others; 404 as for reading."""
    require_supervisor(caller)
    await require_campaign(work, caller, project_id)
