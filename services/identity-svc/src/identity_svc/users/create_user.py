"""Creates a user."""

from contracts.events.identity import UserCreatedV1
from contracts.ids import new_id
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.audit import act_as
from servicekit.audit.doer import of_command_line
from servicekit.passwords import Passwords
from servicekit.problems import DomainError, conflict

from identity_svc.users import store
from identity_svc.users.events import content
from identity_svc.users.model import AccessLevel, Profile, User, default_permissions

ADMIN_NAME = "Administrator"


def email_taken() -> DomainError:
    return conflict("email-taken", "Another user has this e-mail address.")


async def create_user(work: UnitOfWork, profile: Profile, password_hash: str | None) -> User:
    """Raises 409 if somebody has the address, in whatever capitals."""
    user = await store.insert(work, new_id("usr"), profile, password_hash)
    if user is None:
        raise email_taken()
    work.publish(UserCreatedV1(**content(user)), sequence=user.version)
    return user


async def ensure_admin(database: Database, email: str, password: str) -> bool:
    """The first admin; False, and nothing is changed, if a user has the address already.

    Whether the password is easy to guess is for who asks: `leadwire up` takes any, the rest do not.
    """
    password_hash = await Passwords().hash(password)
    profile = Profile(
        email=email,
        name=ADMIN_NAME,
        access_level=AccessLevel.ADMIN,
        permissions=default_permissions(AccessLevel.ADMIN),
        sponsor_id=None,
        partner_id=None,
        active=True,
    )
    async with database.unit_of_work() as work:
        if await store.find_by_email(work, email) is not None:
            return False
        await act_as(work, of_command_line("create-admin"))
        await create_user(work, profile, password_hash)
        return True
