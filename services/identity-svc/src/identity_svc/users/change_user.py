"""Changes a user."""

import asyncpg
from contracts.events.identity import UserChangedV1, UserDeactivatedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict

from identity_svc.single_sign_on.store import unbind
from identity_svc.users import store
from identity_svc.users.create_user import email_taken
from identity_svc.users.events import content
from identity_svc.users.model import Profile, User, normalise_email


async def change_user(work: UnitOfWork, before: User, profile: Profile, password_hash: str | None) -> User:
    """`before` was read after `store.one_change_at_a_time`. A new password or a deactivation ends the user's sessions,
    and who has a new address is whom the provider calls so at the next sign-on.

    Raises 409 if somebody else has the address, or if no active admin would be left.
    """
    if profile == before.profile and password_hash is None:
        return before
    if before.profile.is_active_admin and not profile.is_active_admin:
        await _keep_an_admin(work, before)
    try:
        user = await store.update(work, before.id, profile, password_hash)
    except asyncpg.UniqueViolationError:
        raise email_taken() from None
    if password_hash is not None or not profile.active:
        await store.end_sessions(work, user.id)
    if normalise_email(profile.email) != normalise_email(before.profile.email):
        await unbind(work, user.id)
    if profile == before.profile:
        return user
    deactivated = before.profile.active and not profile.active
    event_class = UserDeactivatedV1 if deactivated else UserChangedV1
    work.publish(event_class(**content(user)), sequence=user.version)
    return user


async def _keep_an_admin(work: UnitOfWork, admin: User) -> None:
    if not await store.has_other_active_admin(work, admin.id):
        raise conflict("last-admin", "This is the last active admin.")
