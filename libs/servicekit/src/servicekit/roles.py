"""The roles of a service's database, alike in an installation, in tests and in measurements.

The owner has the schema and cannot log in. The login is the service: it reads and writes rows and changes no schema.
The restricted role is what the login becomes, for a transaction, when somebody asks who may see some rows only.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import asyncpg
from messaging.sight import RESTRICTED_SUFFIX

OWNER_SUFFIX: Final = "_owner"
# Run as the owner. The default privileges are for tables of later migrations, whoever starts them.
_GRANTS: Final = (
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO {users}",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {users}",
    "ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO {users}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {users}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {users}",
)
_MESSAGES: Final = (
    "audit_journal", "outbox", "inbox", "inbox_suspects", "dead_letters", "delayed_messages", "forgotten"
)  # fmt: skip
# Of tables that a service may not have, or not yet. Messages and the journal hold what is everybody's: whoever is
# restricted may add to them, and reads nothing. Entries of the audit log come, and stay as they are; old ones are
# removed by the owner (`leadwire audit prune`).
_RESERVED: Final = {
    "alembic_version": "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {users}",
    "audit_entries": "REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM {users}",
    **{table: f"REVOKE SELECT, UPDATE, DELETE ON {table} FROM {{restricted}}" for table in _MESSAGES},
    # A write asks whether its own transaction has told anything yet.
    "audit_journal_of_transaction": "GRANT SELECT (transaction) ON audit_journal TO {restricted}",
}
_THERE: Final = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY($1::text[])"


@dataclass(frozen=True, slots=True)
class Roles:
    """Named after the login, which must be an identifier that needs no quotes."""

    login: str

    @property
    def owner(self) -> str:
        return self.login + OWNER_SUFFIX

    @property
    def restricted(self) -> str:
        return self.login + RESTRICTED_SUFFIX

    def login_dsn(self, admin_dsn: str, database: str, password: str) -> str:
        """What the service connects with."""
        parts = urlsplit(admin_dsn)
        _, _, host = parts.netloc.rpartition("@")
        account = f"{self.login}:{quote(password, safe='')}"
        return urlunsplit((parts.scheme, f"{account}@{host}", f"/{database}", parts.query, ""))

    def owner_dsn(self, admin_dsn: str, database: str) -> str:
        """What migrations run with: the administrator in the role that owns the schema."""
        parts = urlsplit(admin_dsn)
        query = "&".join(filter(None, [parts.query, urlencode({"role": self.owner})]))
        return urlunsplit((parts.scheme, parts.netloc, f"/{database}", query, ""))

    async def provide(self, admin_dsn: str, database: str, password: str) -> None:
        """The roles and an empty database of theirs. Safe to repeat."""
        admin = await asyncpg.connect(admin_dsn)
        try:
            await self.create(admin, password)
            if not await admin.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database):
                await admin.execute(f"CREATE DATABASE {database} OWNER {self.owner} TEMPLATE template0 ENCODING 'UTF8'")
        finally:
            await admin.close()

    async def create(self, admin: Any, password: str) -> None:
        """Makes what is missing, and gives the login its password. Safe to repeat."""
        for role in (self.login, self.owner, self.restricted):
            if not await admin.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
                await admin.execute(f"CREATE ROLE {role}")
        quoted = await admin.fetchval("SELECT quote_literal($1)", password)
        # Without INHERIT what the restricted role may see is added to nothing: the login has policies of its own.
        await admin.execute(f"ALTER ROLE {self.login} LOGIN NOINHERIT PASSWORD {quoted}")
        if not await admin.fetchval("SELECT pg_has_role($1, $2, 'MEMBER')", self.login, self.restricted):
            await admin.execute(f"GRANT {self.restricted} TO {self.login}")
        # A managed PostgreSQL's administrator is no superuser: he can act for the owner as its member only.
        if not await admin.fetchval("SELECT pg_has_role($1, 'USAGE')", self.owner):
            await admin.execute(f"GRANT {self.owner} TO CURRENT_USER")

    async def close_database(self, owner: Any, database: str) -> None:
        """Connecting is for the login alone, and nobody makes temporary tables."""
        await owner.execute(
            f"REVOKE ALL ON DATABASE {database} FROM PUBLIC; GRANT CONNECT ON DATABASE {database} TO {self.login}"
        )

    async def grant(self, admin_dsn: str, database: str) -> None:
        """The rights to the database and to its rows: of the tables there are, and of those to come."""
        owner = await asyncpg.connect(self.owner_dsn(admin_dsn, database))
        try:
            async with owner.transaction():
                await self.close_database(owner, database)
                there = [row["relname"] for row in await owner.fetch(_THERE, list(_RESERVED))]
                for statement in (*_GRANTS, *(_RESERVED[table] for table in there)):
                    users = f"{self.login}, {self.restricted}"
                    await owner.execute(statement.format(users=users, restricted=self.restricted))
        finally:
            await owner.close()
