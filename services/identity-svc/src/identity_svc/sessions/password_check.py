"""Whether a password is somebody's, and how often somebody may be wrong."""

import logging
from dataclasses import dataclass

from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.identity import unauthenticated
from servicekit.passwords import Passwords
from servicekit.problems import DomainError

from identity_svc.sessions import guard, store
from identity_svc.sessions.tokens import account_target, address_target
from identity_svc.users.model import normalise_email

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Proven:
    """Whose password it was. `stored` and `stronger` are for replacing a hash that is weaker than today's."""

    user_id: str
    email: str
    access_level: str
    account: bytes
    address: bytes
    stored: str | None
    stronger: str | None


class PasswordCheck:
    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    async def __call__(self, email: str, password: str, address: str) -> Proven:
        """Counts the try and commits that at once. Raises 401, the same and as late for an unknown address and a wrong
        password; 429 after many.
        """
        email = normalise_email(email)
        account, network = account_target(email), address_target(address)
        await guard.count_try(self._database, account, network)
        async with self._database.unit_of_work() as work:
            known = await store.find_credentials(work, email)
        stored = known.password_hash if known is not None and known.active else None
        right, stronger = await self._passwords.verify(password, stored)
        if known is None or not right:
            logger.warning("a wrong password for %s", "nobody we know" if known is None else known.user_id)
            raise refused()
        return Proven(known.user_id, known.email, known.access_level, account, network, stored, stronger)

    async def forgive(self, work: UnitOfWork, proven: Proven) -> None:
        """When all that had to be right was right."""
        await store.forgive(work, proven.account, proven.address)
        if proven.stronger is not None:
            await store.replace_password_hash(work, proven.user_id, proven.stored, proven.stronger)


def refused() -> DomainError:
    return unauthenticated("The e-mail address or the password is wrong.")
