"""A database, an owner of its schema and a login role for every service; then the schema itself."""

import asyncio
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
from servicekit.migrations import migrate

from leadwire.secrets_file import Secrets
from leadwire.services import SERVICES, Service

_GRANTS = (
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO {login}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {login}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {login}",
)


@dataclass(frozen=True, slots=True)
class Databases:
    """`admin_dsn` is a superuser's; it is used to create roles and databases and for nothing else."""

    admin_dsn: str
    secrets: Secrets

    def name(self, service: Service) -> str:
        return f"leadwire_{service.key}"

    def login_dsn(self, service: Service) -> str:
        """What the service connects with: it reads and writes rows, and cannot change the schema."""
        return self._dsn(self.name(service), f"leadwire_{service.key}", self.secrets[f"database_{service.key}"])

    def owner_dsn(self, service: Service) -> str:
        """What migrations run with: the login role's twin that owns the schema."""
        return self._dsn(self.name(service), f"leadwire_{service.key}_owner", self.secrets[f"database_{service.key}"])

    def _dsn(self, database: str, user: str, password: str) -> str:
        parts = urlsplit(self.admin_dsn)
        host = f"{parts.hostname}:{parts.port or 5432}"
        return urlunsplit((parts.scheme, f"{user}:{quote(password, safe='')}@{host}", f"/{database}", parts.query, ""))


async def provision(databases: Databases) -> None:
    """Creates what is missing and brings every schema up; does nothing when all is there. Safe to repeat."""
    admin = await asyncpg.connect(databases.admin_dsn)
    try:
        existing = {row["datname"] for row in await admin.fetch("SELECT datname FROM pg_database")}
        for service in SERVICES:
            if databases.name(service) not in existing:
                await _create(admin, databases, service)
    finally:
        await admin.close()
    for service in SERVICES:
        await asyncio.to_thread(migrate, databases.owner_dsn(service), service.package)
    await asyncio.gather(*(_grant(databases, service) for service in SERVICES))


async def _create(admin: asyncpg.Connection, databases: Databases, service: Service) -> None:
    login, owner, password = f"leadwire_{service.key}", f"leadwire_{service.key}_owner", f"database_{service.key}"
    for role in (login, owner):
        quoted = await admin.fetchval("SELECT quote_literal($1)", databases.secrets[password])
        if not await admin.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
            await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD {quoted}")
    await admin.execute(f"CREATE DATABASE {databases.name(service)} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8'")


async def _grant(databases: Databases, service: Service) -> None:
    connection = await asyncpg.connect(databases.owner_dsn(service))
    try:
        for statement in _GRANTS:
            await connection.execute(statement.format(login=f"leadwire_{service.key}"))
    finally:
        await connection.close()
