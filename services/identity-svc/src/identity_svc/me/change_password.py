"""Changes one's own password."""

from dataclasses import dataclass

from messaging.database import Database
from servicekit.identity import unauthenticated
from servicekit.passwords import Passwords
from servicekit.problems import invalid

from identity_svc.sessions import store as sessions
from identity_svc.sessions.password_check import PasswordCheck
from identity_svc.sessions.sign_in import Client, Session, SignIn
from identity_svc.users import store as users
from identity_svc.users.change_user import change_user
from identity_svc.users.easy_passwords import why_easy


@dataclass(frozen=True)
class PasswordChange:
    """`current` is the hash of the session that asks."""

    user_id: str
    old: str
    new: str
    current: bytes
    client: Client


@dataclass(frozen=True)
class ChangePassword:
    database: Database
    passwords: Passwords
    check_password: PasswordCheck
    sign_in: SignIn

    async def __call__(self, change: PasswordChange) -> Session:
        """Raises 401 for a wrong old password, counted like those at sign-in, and 422 for a new one that is the old
        one or easy to guess.
        """
        async with self.database.unit_of_work() as work:
            user = await users.find(work, change.user_id)
        if user is None:
            raise unauthenticated()
        proven = await self.check_password(user.profile.email, change.old, change.client.address)
        if change.new == change.old:
            raise invalid("password-unchanged", "The new password is the old one.", "/new_password")
        if why := why_easy(change.new, user.profile.email, user.profile.name):
            raise invalid("password-easy", why, "/new_password")
        password_hash = await self.passwords.hash(change.new)
        async with self.database.unit_of_work() as work:
            await users.one_change_at_a_time(work)
            user = await users.find(work, change.user_id)
            method = await sessions.find_method(work, change.user_id, change.current)
            if user is None or method is None:
                raise unauthenticated()
            await self.check_password.forgive(work, proven)
            await change_user(work, user, user.profile, password_hash)
            return await self.sign_in.open(work, change.user_id, method, change.client)
