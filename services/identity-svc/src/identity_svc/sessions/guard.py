"""Slows down guessing, per account and per network address."""

import logging
from datetime import timedelta

from messaging.database import Database
from servicekit.problems import DomainError, Kind

from identity_svc.sessions import store
from identity_svc.sessions.store import Limit

# What an operation says that counts a try before it may fail.
COUNTED = "a wrong try is counted although the request fails, and the answer shows a secret that is not to be kept"
logger = logging.getLogger(__name__)

WINDOW = timedelta(minutes=15)
ACCOUNT = Limit(free=5, window=WINDOW)
# Many people may sit behind one address.
ADDRESS = Limit(free=30, window=WINDOW)


async def count_try(database: Database, account: bytes, address: bytes) -> None:
    """Commits at once, whatever comes of the try. Raises 429 while either is blocked."""
    async with database.unit_of_work() as work:
        for target, limit in ((address, ADDRESS), (account, ACCOUNT)):
            if not await store.count_try(work, target, limit):
                seconds = await store.seconds_blocked(work, target)
                break
        else:
            return
    logger.warning("tries for one %s are blocked for %s s", "address" if target == address else "account", seconds)
    raise DomainError(
        Kind.TOO_MANY, "too-many-attempts", "Too many attempts. Try again later.", headers={"Retry-After": str(seconds)}
    )
