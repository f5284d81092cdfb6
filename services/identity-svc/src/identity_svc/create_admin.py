"""`python -m identity_svc create-admin`: the first admin, from LEADWIRE_ADMIN_EMAIL and LEADWIRE_ADMIN_PASSWORD."""

import asyncio
import sys

from messaging.database import Database
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from servicekit.boot import Misconfigured
from servicekit.runner import describe_settings, prepare_environment

from identity_svc.users.create_user import ADMIN_NAME, ensure_admin
from identity_svc.users.easy_passwords import why_easy


class AdminSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="LEADWIRE_", frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr
    admin_email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    admin_password: SecretStr = Field(min_length=8, max_length=128)


def create_admin() -> int:
    """The exit code: 0 if it was created, 1 if a user has the address already, 2 for wrong settings."""
    try:
        prepare_environment([AdminSettings])
        settings = AdminSettings()  # pyright: ignore[reportCallIssue] -- its fields come from the environment
    except ValidationError as error:
        sys.stderr.write(describe_settings(error))
        return 2
    except Misconfigured as error:
        sys.stderr.write(f"{error}\n")
        return 2
    why = why_easy(settings.admin_password.get_secret_value(), settings.admin_email, ADMIN_NAME)
    if why is not None:
        sys.stderr.write(f"LEADWIRE_ADMIN_PASSWORD: {why}\n")
        return 2
    created = asyncio.run(_create(settings))
    sys.stderr.write("The admin was created.\n" if created else "A user has this address already: nothing changed.\n")
    return 0 if created else 1


async def _create(settings: AdminSettings) -> bool:
    database = await Database.connect(settings.database_url.get_secret_value(), source="/leadwire/identity-svc")
    try:
        return await ensure_admin(database, settings.admin_email, settings.admin_password.get_secret_value())
    finally:
        await database.close()
