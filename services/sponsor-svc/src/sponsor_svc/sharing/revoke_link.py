from contracts.events.sponsor import StatisticsLinkRevokedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import not_found

from sponsor_svc.scope import Scope
from sponsor_svc.sharing import store
from sponsor_svc.sharing.told import told
from sponsor_svc.statistics.store import close_pages


async def revoke_link(work: UnitOfWork, link_id: str, scope: Scope, actor: str) -> None:
    """It opens nothing any more, and its live pages are closed. Again changes nothing. Raises 404."""
    link = await store.revoke(work, link_id, scope)
    if link is not None:
        work.publish(told(link, StatisticsLinkRevokedV1, actor), sequence=2)
        await close_pages(work, link.id)
    elif await store.find(work, link_id, scope) is None:
        raise not_found()
