"""Signs a person in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.database import Database
from servicekit.identity import unauthenticated
from servicekit.passwords import Passwords
from servicekit.problems import DomainError

from identity_svc.sessions import guard, store
from identity_svc.sessions.tokens import account_target, address_target, hash_token, new_token
from identity_svc.users import store as users
from identity_svc.users.model import User, normalise_email


@dataclass(frozen=True)
class Attempt:
    """`former` is the session that the browser had: it ends, so that nobody can plant one."""

    email: str
    password: str
    address: str
    former: str | None


@dataclass(frozen=True)
class Session:
    token: str
    expires_at: datetime
    user: User


class SignIn:
    def __init__(self, database: Database, passwords: Passwords, lifetime: timedelta) -> None:
        self._database = database
        self._passwords = passwords
        self._lifetime = lifetime

    async def __call__(self, attempt: Attempt) -> Session:
        """Raises 401, the same and as late for an unknown address and a wrong password; 429 after many."""
        email = normalise_email(attempt.email)
        account, address = account_target(email), address_target(attempt.address)
        await guard.count_try(self._database, account, address)
        async with self._database.unit_of_work() as work:
            known = await store.find_credentials(work, email)
        stored = known.password_hash if known is not None and known.active else None
        right, stronger = await self._passwords.verify(attempt.password, stored)
        if known is None or not right:
            raise _refused()
        async with self._database.unit_of_work() as work:
            await store.forgive(work, account, address)
            if stronger is not None:
                await store.replace_password_hash(work, known.user_id, stored, stronger)
            if attempt.former is not None:
                await store.delete(work, hash_token(attempt.former))
            token = new_token()
            expires_at = await store.insert(work, hash_token(token), known.user_id, self._lifetime)
            user = await users.find(work, known.user_id)
        if expires_at is None or user is None:
            raise _refused()
        return Session(token, expires_at, user)


def _refused() -> DomainError:
    return unauthenticated("The e-mail address or the password is wrong.")
