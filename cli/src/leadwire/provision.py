"""A database, an owner of its schema and a login role for every service; then the schema itself."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import asyncpg
from servicekit.migrations import migrate

from leadwire.services import SERVICES, Service

# Run as the owner. The default privileges are for tables of later migrations, whoever starts them.
_GRANTS = (
    "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO {login}",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO {login}",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {login}",
    "ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO {login}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {login}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {login}",
    "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {login}",
)


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

    def login(self, service: Service) -> str:
        return f"leadwire_{service.key}"

    def owner(self, service: Service) -> str:
        return f"leadwire_{service.key}_owner"

    def login_dsn(self, service: Service) -> str:
        """What the service connects with: it reads and writes rows, and cannot change the schema."""
        parts = urlsplit(self.admin_dsn)
        account = f"{self.login(service)}:{quote(self.passwords[service.key], safe='')}"
        _, _, host = parts.netloc.rpartition("@")
        return urlunsplit((parts.scheme, f"{account}@{host}", f"/{self.name(service)}", parts.query, ""))

    def owner_dsn(self, service: Service) -> str:
        """What migrations run with: the administrator in the role that owns the schema, which cannot log in itself."""
        parts = urlsplit(self.admin_dsn)
        query = "&".join(filter(None, [parts.query, urlencode({"role": self.owner(service)})]))
        return urlunsplit((parts.scheme, parts.netloc, f"/{self.name(service)}", query, ""))


async def provision(databases: Databases, services: Sequence[Service] = SERVICES) -> None:
    """Creates what is missing, gives the login roles their passwords and brings every schema up. Safe to repeat."""
    admin = await asyncpg.connect(databases.admin_dsn)
    try:
        for service in services:
            await _create(admin, databases, service)
    finally:
        await admin.close()
    for service in services:
        await asyncio.to_thread(migrate, databases.owner_dsn(service), service.package)
    await asyncio.gather(*(_grant(databases, service) for service in services))


async def _create(admin: asyncpg.Connection, databases: Databases, service: Service) -> None:
    login, owner = databases.login(service), databases.owner(service)
    for role in (login, owner):
        if not await admin.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
            await admin.execute(f"CREATE ROLE {role}")
    password = await admin.fetchval("SELECT quote_literal($1)", databases.passwords[service.key])
    await admin.execute(f"ALTER ROLE {login} LOGIN PASSWORD {password}")
    # A managed PostgreSQL's administrator is no superuser: he can act for the owner as its member only.
    if not await admin.fetchval("SELECT pg_has_role($1, 'USAGE')", owner):
        await admin.execute(f"GRANT {owner} TO CURRENT_USER")
    name = databases.name(service)
    if not await admin.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
        await admin.execute(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8'")


async def _grant(databases: Databases, service: Service) -> None:
    names = {"login": databases.login(service), "database": databases.name(service)}
    connection = await asyncpg.connect(databases.owner_dsn(service))
    try:
        async with connection.transaction():
            for statement in _GRANTS:
                await connection.execute(statement.format(**names))
    finally:
        await connection.close()
