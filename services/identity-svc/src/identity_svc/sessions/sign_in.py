"""Signs a person in."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, conflict

from identity_svc.second_factor.second_factor import Enrolment, Proof, SecondFactor
from identity_svc.second_factor.store import is_required
from identity_svc.sessions import store
from identity_svc.sessions.password_check import PasswordCheck, refused
from identity_svc.sessions.tokens import hash_token, new_token
from identity_svc.users import store as users
from identity_svc.users.model import User

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Client:
    """`former` is the hash of the session that the browser had: it ends, so that nobody can plant one."""

    address: str
    user_agent: str
    former: bytes | None


@dataclass(frozen=True)
class Attempt:
    email: str
    password: str
    proof: Proof
    client: Client


@dataclass(frozen=True)
class Session:
    token: str
    expires_at: datetime
    user: User


class SignIn:
    def __init__(
        self, database: Database, check_password: PasswordCheck, second_factor: SecondFactor, lifetime: timedelta
    ) -> None:
        self._database = database
        self._check_password = check_password
        self._second_factor = second_factor
        self._lifetime = lifetime

    async def __call__(self, attempt: Attempt) -> Session:
        """Raises 401 and 429 as PasswordCheck does, and 401 for what is wrong with the second factor."""
        proven = await self._check_password(attempt.email, attempt.password, attempt.client.address)
        async with self._database.unit_of_work() as work:
            try:
                method = await self._second_factor.check_sign_in(
                    work, proven.user_id, proven.access_level, attempt.proof
                )
            except DomainError as error:
                logger.warning("%s has not signed in: %s", proven.user_id, error.code)
                raise
            await self._check_password.forgive(work, proven)
            return await self.open(work, proven.user_id, method, attempt.client)

    async def open(self, work: UnitOfWork, user_id: str, method: str, client: Client) -> Session:
        """A new session in place of the browser's former one. Raises 401 for a user who is not active any more."""
        if client.former is not None:
            await store.delete(work, client.former)
        token = new_token()
        opened = store.NewSession(hash_token(token), user_id, method, client.user_agent, self._lifetime)
        expires_at = await store.insert(work, opened)
        user = await users.find(work, user_id)
        if expires_at is None or user is None:
            raise refused()
        logger.info("%s signed in by %s", user_id, method)
        return Session(token, expires_at, user)

    async def enrol(self, email: str, password: str, address: str) -> Enrolment:
        """For who must have a second factor, and cannot sign in without. Raises 409 for who need not, or has one."""
        proven = await self._check_password(email, password, address)
        async with self._database.unit_of_work() as work:
            if not await is_required(work, proven.access_level):
                raise conflict("totp-not-required", "Sign in, and enrol a second factor under /v1/me/totp.")
            enrolment = await self._second_factor.enrol(work, proven.user_id, proven.email)
            await self._check_password.forgive(work, proven)
        return enrolment
