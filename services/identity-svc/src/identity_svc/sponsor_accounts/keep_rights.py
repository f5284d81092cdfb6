"""What sponsor-svc says that sponsor accounts see is signed here (S0.11)."""

from contracts.events.sponsor import AccountContent, AccountGrantedV1
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from identity_svc.sponsor_accounts import store


async def keep_rights(work: UnitOfWork, received: Received[AccountContent]) -> None:
    """The last version wins. An account that was revoked stays known as such, so that nothing older brings it back."""
    account = received.event
    granted = isinstance(account, AccountGrantedV1)
    sponsor_ids = account.sponsor_ids if granted else []
    pages = account.pages if granted else []
    await store.replace(work, account.user_id, received.envelope.sequence, sponsor_ids, pages)
