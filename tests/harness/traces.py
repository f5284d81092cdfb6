"""Looks into every table of every database of a platform, as nobody who uses it could."""

import asyncpg
from embedded import PostgresServer

from harness.platform import Platform

_DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate"
_TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
_HOLDS = 'SELECT EXISTS (SELECT FROM "{schema}"."{table}" AS t WHERE t::text ILIKE $1 OR t::text LIKE $2)'


async def traces_of(platform: Platform, words: list[str]) -> list[str]:
    """`database.table: word` wherever a row holds a word, as text or inside of bytes."""
    server = PostgresServer(platform.data_dir / "postgres")
    found: list[str] = []
    for database in await _fetch(server.dsn(), _DATABASES):
        connection = await asyncpg.connect(server.dsn(database[0]))
        try:
            for schema, table in await connection.fetch(_TABLES):
                asked = _HOLDS.format(schema=schema, table=table)
                held = [word for word in words if await connection.fetchval(asked, f"%{word}%", f"%{_hex(word)}%")]
                found += [f"{database[0]}.{table}: {word}" for word in held]
        finally:
            await connection.close()
    return sorted(found)


def _hex(word: str) -> str:
    return word.encode().hex()


async def _fetch(dsn: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()
