"""HTTP: users, for admins."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from messaging.database import Database
from pydantic import SecretStr
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import Db, router
from servicekit.identity import Caller, allow
from servicekit.paging import Page, decode_cursor, page_of
from servicekit.passwords import Passwords
from servicekit.problems import invalid, not_found

from identity_svc.users import store
from identity_svc.users.change_user import change_user
from identity_svc.users.create_user import create_user
from identity_svc.users.easy_passwords import why_easy
from identity_svc.users.inputs import NewUser, UserChange, UserFilter, UserOut, shape
from identity_svc.users.model import Profile, User, changed_profile, default_permissions, missing_scope

users = router(prefix="/v1/users", tags=["users"])


@dataclass(frozen=True)
class Writing:
    """What a write needs besides its body."""

    database: Database
    passwords: Passwords
    response: Response

    async def hashed(self, password: SecretStr | None) -> str | None:
        return await self.passwords.hash(password.get_secret_value()) if password is not None else None

    def answer(self, user: User) -> UserOut:
        self.response.headers["ETag"] = etag(user.version)
        return shape(user)


async def _writing(request: Request, response: Response) -> Writing:
    state = request.app.state
    return Writing(state.database, state.passwords, response)


Write = Annotated[Writing, Depends(_writing)]


@users.post("", status_code=201)
async def post_user(body: NewUser, caller: Caller, write: Write) -> UserOut:
    allow(caller, ("admin",))
    given = body.model_dump(exclude={"password", "permissions"})
    permissions = default_permissions(body.access_level) if body.permissions is None else body.permissions
    profile = _checked(Profile(**given, permissions=tuple(permissions)), body.password)
    password_hash = await write.hashed(body.password)
    async with write.database.unit_of_work() as work:
        user = await create_user(work, profile, password_hash)
    write.response.headers["Location"] = f"/v1/users/{user.id}"
    return write.answer(user)


@users.get("")
async def get_users(caller: Caller, database: Db, wanted: Annotated[UserFilter, Query()]) -> Page[UserOut]:
    allow(caller, ("admin",))
    after = decode_cursor(wanted.cursor, str)
    level = wanted.access_level.value if wanted.access_level else None
    async with database.unit_of_work() as work:
        rows = await store.list_after(work, after[0] if after else None, level, wanted.active, wanted.limit + 1)
    return page_of(rows, wanted.limit, shape, lambda user: (user.id,))


@users.get("/{user_id}")
async def get_user(user_id: str, caller: Caller, database: Db, response: Response) -> UserOut:
    allow(caller, ("admin",))
    async with database.unit_of_work() as work:
        user = await store.find(work, user_id)
    if user is None:
        raise not_found()
    response.headers["ETag"] = etag(user.version)
    return shape(user)


@users.patch("/{user_id}")
async def patch_user(user_id: str, body: UserChange, caller: Caller, write: Write, if_match: IfMatch = None) -> UserOut:
    allow(caller, ("admin",))
    password_hash = await write.hashed(body.password)
    async with write.database.unit_of_work() as work:
        await store.one_change_at_a_time(work)
        before = await store.find(work, user_id)
        if before is None:
            raise not_found()
        check_match(if_match, before.version)
        profile = _checked(
            changed_profile(before.profile, body.model_dump(exclude_unset=True, exclude={"password"})), body.password
        )
        user = await change_user(work, before, profile, password_hash)
    return write.answer(user)


def _checked(profile: Profile, password: SecretStr | None) -> Profile:
    if password is not None and (why := why_easy(password.get_secret_value(), profile.email, profile.name)):
        raise invalid("password-easy", why, "/password")
    field = missing_scope(profile)
    if field is not None:
        raise invalid(f"{field.replace('_', '-')}-missing", f"This access level needs a {field}.", f"/{field}")
    return profile
