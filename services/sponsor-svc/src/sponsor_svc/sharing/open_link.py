"""Lets in whoever has a link's token, and its password if it has one."""

from datetime import timedelta

from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.identity import unauthenticated
from servicekit.passwords import Passwords
from servicekit.problems import DomainError, Kind

from sponsor_svc.sharing import store
from sponsor_svc.sharing.link import TICKET_PREFIX, VISIT, Visit, hash_of, new_secret

WINDOW = timedelta(minutes=15)
MOST_TRIES = 5


class OpenLink:
    """Of a link five passwords are tried in 15 minutes, whoever tries, and right ones do not count."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self.database = database
        self._passwords = passwords

    async def __call__(self, token: str, password: str | None) -> tuple[str, Visit]:
        """A ticket for an hour, and what it shows. Raises 401 alike for tokens that are unknown, ended or revoked, 401
        `password-wrong`, and 429.
        """
        async with self.database.unit_of_work() as work:
            lock = await store.find_lock(work, hash_of(token))
        if lock is None:
            raise _closed()
        if lock.password_hash is not None:
            await self._check(lock.link_id, lock.password_hash, password)
        ticket = new_secret(TICKET_PREFIX)
        async with self.database.unit_of_work() as work:
            await store.admit(work, hash_of(ticket), lock.link_id, VISIT)
            return ticket, await visit_of(work, ticket)

    async def _check(self, link_id: str, stored: str, password: str | None) -> None:
        if password is None:
            raise _wrong("The link has a password.")
        async with self.database.unit_of_work() as work:
            if not await store.count_try(work, link_id, WINDOW, MOST_TRIES):
                wait = await store.seconds_blocked(work, link_id, WINDOW)
                detail = "Too many passwords were tried."
                raise DomainError(Kind.TOO_MANY, "too-many-tries", detail, headers={"Retry-After": str(wait)})
        right, _ = await self._passwords.verify(password, stored)
        if not right:
            raise _wrong("The password is wrong.")
        async with self.database.unit_of_work() as work:
            await store.forgive(work, link_id)


async def visit_of(work: UnitOfWork, ticket: str | None) -> Visit:
    """Raises 401 for a ticket that is unknown or over, or whose link shows nothing any more."""
    visit = await store.find_visit(work, hash_of(ticket)) if ticket else None
    if visit is None:
        raise _closed()
    return visit


def _closed() -> DomainError:
    return unauthenticated("The link shows nothing, or nothing any more. Open it again, or ask for another.")


def _wrong(detail: str) -> DomainError:
    return DomainError(Kind.UNAUTHENTICATED, "password-wrong", detail, headers={"WWW-Authenticate": "Bearer"})
