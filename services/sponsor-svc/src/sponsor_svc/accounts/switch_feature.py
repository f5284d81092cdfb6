from contracts.events.sponsor import AccountFeatureSwitchedV1
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.accounts import store
from sponsor_svc.accounts.account import Feature
from sponsor_svc.accounts.grant import tell


async def switch_feature(work: UnitOfWork, actor: str, *, enabled: bool) -> Feature:
    """Every active account is granted or revoked with it."""
    feature = await store.switch(work, enabled=enabled)
    if feature is None:
        return await store.read_feature(work)
    work.publish(AccountFeatureSwitchedV1(enabled=enabled, actor=actor), sequence=feature.version)
    for account in await store.renew_active(work):
        await tell(work, account, feature, actor)
    return feature
