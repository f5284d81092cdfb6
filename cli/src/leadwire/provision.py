"""A database, an owner of its schema and a login role for every service; then the schema itself."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from servicekit.migrations import migrate
from servicekit.roles import Roles

from leadwire.services import SERVICES, Service


@dataclass(frozen=True, slots=True)
class Databases:
    """Where the services' databases are.

    `admin_dsn` is that of a role which may create roles and databases; `passwords` are those of the login roles, by
    the service's key.
    """

    admin_dsn: str
    passwords: Mapping[str, str]

    def name(self, service: Service) -> str:
        return f"leadwire_{service.key}"

    def roles(self, service: Service) -> Roles:
        return Roles(self.name(service))

    def login_dsn(self, service: Service) -> str:
        """What the service connects with: it reads and writes rows, and cannot change the schema."""
        return self.roles(service).login_dsn(self.admin_dsn, self.name(service), self.passwords[service.key])

    def owner_dsn(self, service: Service) -> str:
        """What migrations run with: the administrator in the role that owns the schema, which cannot log in itself."""
        return self.roles(service).owner_dsn(self.admin_dsn, self.name(service))


async def provision(databases: Databases, services: Sequence[Service] = SERVICES) -> None:
    """Creates what is missing, gives the login roles their passwords and brings every schema up. Safe to repeat."""
    for service in services:
        await databases.roles(service).provide(
            databases.admin_dsn, databases.name(service), databases.passwords[service.key]
        )
    for service in services:
        await asyncio.to_thread(migrate, databases.owner_dsn(service), service.package)
    await asyncio.gather(
        *(databases.roles(service).grant(databases.admin_dsn, databases.name(service)) for service in services)
    )
