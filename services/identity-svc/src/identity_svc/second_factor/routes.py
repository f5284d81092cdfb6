"""HTTP: one's own second factor, an admin's reset, and who must have one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel, Field
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import Db, Input, router
from servicekit.identity import Caller, Identity, allow, unauthenticated
from servicekit.own_transactions import own_transactions
from servicekit.problems import not_found

from identity_svc.second_factor import store
from identity_svc.second_factor.inputs import Code, Enrol, EnrolmentOut, FactorOut, RecoveryCodesOut, Removal
from identity_svc.second_factor.second_factor import SecondFactor
from identity_svc.sessions import guard
from identity_svc.sessions import store as sessions
from identity_svc.sessions.credentials import address_of, require_session
from identity_svc.sessions.password_check import PasswordCheck
from identity_svc.sessions.tokens import account_target, address_target
from identity_svc.users import store as users
from identity_svc.users.model import AccessLevel, User, normalise_email

second_factor = router(tags=["second factor"])


@dataclass(frozen=True)
class Oneself:
    """Who is signed in and changes what is their own, with what that takes."""

    database: Database
    caller: Identity
    address: str
    factor: SecondFactor
    check_password: PasswordCheck

    async def user(self) -> User:
        async with self.database.unit_of_work() as work:
            user = await users.find(work, self.caller.user_id)
        if user is None:
            raise unauthenticated()
        return user

    @asynccontextmanager
    async def proven_by_password(self, password: str) -> AsyncGenerator[UnitOfWork]:
        """A transaction for who knows the own password; wrong ones count like those at sign-in."""
        proven = await self.check_password((await self.user()).profile.email, password, self.address)
        async with self.database.unit_of_work() as work:
            yield work
            await self.check_password.forgive(work, proven)

    @asynccontextmanager
    async def guessing_counts(self) -> AsyncGenerator[UnitOfWork]:
        """A transaction in which a code is checked; wrong ones count like passwords."""
        account = account_target(normalise_email((await self.user()).profile.email))
        network = address_target(self.address)
        await guard.count_try(self.database, account, network)
        async with self.database.unit_of_work() as work:
            yield work
            await sessions.forgive(work, account, network)


async def _oneself(request: Request, caller: Caller) -> Oneself:
    require_session(request)
    state = request.app.state
    return Oneself(state.database, caller, address_of(request), state.second_factor, state.check_password)


Me = Annotated[Oneself, Depends(_oneself)]


class Policy(BaseModel):
    second_factor_levels: list[AccessLevel]
    version: int
    updated_at: datetime


class PolicyChange(Input):
    second_factor_levels: list[AccessLevel] = Field(max_length=len(AccessLevel))


@second_factor.get("/v1/me/totp")
async def get_own_factor(caller: Caller, database: Db) -> FactorOut:
    async with database.unit_of_work() as work:
        state = await store.state(work, caller.user_id)
    if state is None:
        raise unauthenticated()
    return FactorOut(**asdict(state))


@second_factor.post("/v1/me/totp", status_code=201)
@own_transactions(guard.COUNTED)
async def post_own_factor(body: Enrol, me: Me) -> EnrolmentOut:
    """The secret is shown here, once; it counts from its first code on."""
    email = (await me.user()).profile.email
    async with me.proven_by_password(body.password.get_secret_value()) as work:
        enrolment = await me.factor.enrol(work, me.caller.user_id, email)
    return EnrolmentOut(secret=enrolment.secret, otpauth_uri=enrolment.uri)


@second_factor.post("/v1/me/totp/confirm")
@own_transactions(guard.COUNTED)
async def confirm_own_factor(body: Code, me: Me) -> RecoveryCodesOut:
    """Recovery codes are shown here, once; each can be used once in place of a code."""
    async with me.guessing_counts() as work:
        return RecoveryCodesOut(recovery_codes=await me.factor.confirm(work, me.caller.user_id, body.totp))


@second_factor.post("/v1/me/totp/recovery-codes")
@own_transactions(guard.COUNTED)
async def renew_recovery_codes(body: Code, me: Me) -> RecoveryCodesOut:
    """New ones; those of before are worth nothing any more."""
    async with me.guessing_counts() as work:
        await me.factor.require_code(work, me.caller.user_id, body.totp)
        return RecoveryCodesOut(recovery_codes=await me.factor.renew_recovery_codes(work, me.caller.user_id))


@second_factor.post("/v1/me/totp/remove", status_code=204)
@own_transactions(guard.COUNTED)
async def remove_own_factor(body: Removal, me: Me) -> Response:
    """Where the access level must have one, the next sign-in asks to enrol another."""
    async with me.proven_by_password(body.password.get_secret_value()) as work:
        await me.factor.check_sign_in(work, me.caller.user_id, me.caller.access_level, body.proof())
        await store.remove(work, me.caller.user_id)
    return Response(status_code=204)


@second_factor.delete("/v1/users/{user_id}/totp", status_code=204)
async def reset_factor(user_id: str, caller: Caller, database: Db) -> Response:
    """For who has lost the authenticator and the recovery codes. Ends the user's sessions."""
    allow(caller, ("admin",))
    async with database.unit_of_work() as work:
        if await users.find(work, user_id) is None:
            raise not_found()
        await store.remove(work, user_id)
        await users.end_sessions(work, user_id)
    return Response(status_code=204)


@second_factor.get("/v1/sign-in-policy")
async def get_policy(caller: Caller, database: Db, response: Response) -> Policy:
    allow(caller, ("admin",))
    async with database.unit_of_work() as work:
        return _policy(await store.find_policy(work), response)


@second_factor.patch("/v1/sign-in-policy")
async def patch_policy(
    body: PolicyChange, caller: Caller, request: Request, response: Response, if_match: IfMatch = None
) -> Policy:
    """Sessions of these levels that were opened with a password alone are over at once. Tokens of programs stay."""
    allow(caller, ("admin",))
    levels = sorted(level.value for level in set(body.second_factor_levels))
    if levels:
        factor: SecondFactor = request.app.state.second_factor
        factor.require_key()
    database: Database = request.app.state.database
    async with database.unit_of_work() as work:
        check_match(if_match, (await store.find_policy(work, lock=True))["version"])
        return _policy(await store.change_policy(work, levels), response)


def _policy(row: Any, response: Response) -> Policy:
    response.headers["ETag"] = etag(row["version"])
    return Policy(**row)
