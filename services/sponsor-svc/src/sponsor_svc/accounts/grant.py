"""What others are told about an account."""

from contracts.events.sponsor import AccountGrantedV1, AccountRevokedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import invalid

from sponsor_svc.accounts import store
from sponsor_svc.accounts.account import Account, Feature
from sponsor_svc.statistics.store import close_pages


async def tell(work: UnitOfWork, account: Account, feature: Feature, actor: str) -> None:
    """identity-svc signs what it is told here, and open pages are looked at afresh."""
    event_class = AccountGrantedV1 if account.active and feature.enabled else AccountRevokedV1
    event = event_class(
        user_id=account.id, sponsor_ids=list(account.sponsor_ids), pages=list(account.pages), actor=actor
    )
    work.publish(event, sequence=account.version)
    await close_pages(work, account.id)


async def check_sponsors(work: UnitOfWork, account_sponsors: list[str]) -> None:
    """Raises 422."""
    if await store.missing_sponsors(work, account_sponsors):
        raise invalid("sponsor-unknown", "There is no such sponsor.", "/sponsor_ids")
