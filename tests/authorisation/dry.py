"""A world that nothing changes: what would be committed is refused by the database, at the commit.

So every request of the matrix can be made, in any order, by everybody, and a refused one that had changed something
all the same would show itself.
"""

import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import asyncpg
from leadwire.services import SERVICES

from authorisation.hosting import Hosted

SQLSTATE = "LWDRY"
_LOGGERS = ("servicekit.middleware", "lead_intake_svc.intake.group_commit")
# Noted of everybody who calls, and no part of what they asked for: when an agent was there (E9), a key was used.
_NOTED = {("assignment-svc", "agents"): "seen_at", ("lead-intake-svc", "partner_keys"): "last_used_at"}
# What was asked for is told, also of exports and of parts of a batch that fail: that is meant (G6.5).
_TOLD = ("audit_journal",)
_WHERE = {("assignment-svc", "timers"): "kind <> 'offline'"}
# A file is kept as it arrives, and forgotten when it is refused: it may pass through, and must not be left.
_PASSING = {("assignment-svc", "timers"), ("lead-intake-svc", "import_chunks")}
_FUNCTION = f"""
CREATE FUNCTION stays_dry() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the world is dry' USING ERRCODE = '{SQLSTATE}'; END $$
"""
_TRIGGER = """
CREATE CONSTRAINT TRIGGER stays_dry_{when} AFTER {when} ON "{table}" DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW {condition} EXECUTE FUNCTION stays_dry()
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_ROWS = "SELECT md5(string_agg(md5((to_jsonb(t) - '{noted}')::text), '' ORDER BY md5((to_jsonb(t) - '{noted}')::text)))"
_FINGERPRINT = f'{_ROWS} FROM "{{table}}" AS t WHERE {{where}}'


@asynccontextmanager
async def dry(host: Hosted) -> AsyncGenerator[None]:
    """Raises AssertionError if any row of any table has changed inside."""
    before = await _fingerprints(host)
    for service, connection in [each async for each in _connected(host)]:
        await connection.execute(_FUNCTION)
        for (table,) in await connection.fetch(_TABLES):
            if (service, table) not in _PASSING and table not in _TOLD:
                await _refuse(connection, table, _NOTED.get((service, table)))
        await connection.close()
    yield
    after = await _fingerprints(host)
    changed = {table for table in before if before[table] != after[table]}
    assert changed == set(), f"rows have changed in {', '.join(sorted(changed))}"


async def _refuse(connection: asyncpg.Connection, table: str, noted: str | None) -> None:
    for when in ("INSERT", "UPDATE", "DELETE"):
        only = f"WHEN (OLD.{noted} IS NOT DISTINCT FROM NEW.{noted})" if noted and when == "UPDATE" else ""
        await connection.execute(_TRIGGER.format(when=when, table=table, condition=only))


async def _fingerprints(host: Hosted) -> dict[str, str]:
    found: dict[str, str] = {}
    for service, connection in [each async for each in _connected(host)]:
        for (table,) in await connection.fetch(_TABLES):
            if table in _TOLD:
                continue
            noted, where = _NOTED.get((service, table), ""), _WHERE.get((service, table), "true")
            asked = _FINGERPRINT.format(table=table, noted=noted, where=where)
            found[f"{service} {table}"] = str(await connection.fetchval(asked))
        await connection.close()
    return found


async def _connected(host: Hosted) -> AsyncGenerator[tuple[str, asyncpg.Connection]]:
    for service in SERVICES:
        yield service.name, await asyncpg.connect(host.server.dsn(host.databases.name(service)))


@dataclass
class Failures(logging.Handler):
    """What the edge of a service says it did not expect, caught from its log."""

    last: BaseException | None = None
    of_group: bool = False

    def __post_init__(self) -> None:
        super().__init__(logging.ERROR)

    __hash__ = logging.Handler.__hash__

    def forget(self) -> None:
        self.last, self.of_group = None, False

    def emit(self, record: logging.LogRecord) -> None:
        # Leads are committed in groups, whose failures are told by their class.
        self.of_group = self.of_group or "UnknownPostgresError" in record.getMessage()
        if record.exc_info and record.exc_info[1]:
            self.last = record.exc_info[1]

    @property
    def was_a_commit(self) -> bool:
        """The database refused to commit: the request was allowed to write."""
        error = self.last
        while error is not None and getattr(error, "sqlstate", None) != SQLSTATE:
            error = error.__cause__ or error.__context__
        return error is not None or self.of_group


@contextmanager
def watched() -> Generator[Failures]:
    failures = Failures()
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addHandler(failures)
        logger.propagate = False
    try:
        yield failures
    finally:
        for logger in loggers:
            logger.removeHandler(failures)
            logger.propagate = True
