"""The first admin's account, made where there is no user yet with the address."""

from identity_svc.users.create_user import ensure_admin
from messaging.database import Database

from leadwire.provision import Databases
from leadwire.services import IDENTITY


async def make_first_admin(databases: Databases, email: str, password: str) -> bool:
    """False, and nothing is changed, if a user has the address already."""
    database = await Database.connect(databases.login_dsn(IDENTITY), source="/leadwire/identity-svc", max_size=2)
    try:
        return await ensure_admin(database, email, password)
    finally:
        await database.close()
