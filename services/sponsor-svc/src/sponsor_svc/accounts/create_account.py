from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict

from sponsor_svc.accounts import store
from sponsor_svc.accounts.account import Account
from sponsor_svc.accounts.grant import check_sponsors, tell
from sponsor_svc.accounts.shapes import NewAccount


async def create_account(work: UnitOfWork, wanted: NewAccount, actor: str) -> Account:
    """Raises 409 when the user has one, 422 for unknown sponsors. While the feature is off it waits."""
    feature = await store.read_feature(work, shared=True)
    await check_sponsors(work, wanted.sponsor_ids)
    account = await store.insert(work, wanted.user_id, wanted.sponsor_ids, wanted.pages, active=wanted.active)
    if account is None:
        raise conflict("account-exists", "The user has an account; change that.")
    await tell(work, account, feature, actor)
    return account
