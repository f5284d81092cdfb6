"""What tests of row-level security ask: which rows somebody is shown, however a statement is written."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from asyncpg import Record
from messaging.sight import Sight, seeing
from messaging.unit_of_work import UnitOfWork

from servicekit.testing import ServiceUnderTest

_PROTECTED: Final = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relrowsecurity AND relforcerowsecurity ORDER BY relname
"""
# A column of one of these names says whose a row is, or which lead it is about.
_OPEN: Final = """
SELECT DISTINCT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relforcerowsecurity
    AND a.attname = ANY($1::text[])
"""
_VIEWS: Final = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
    AND NOT coalesce(reloptions::text LIKE '%security_invoker=true%', false)
"""
_OWNERS: Final = (
    "partner_id", "sponsor_id", "buyer_id", "owner_id", "lead_id", "agent_id", "endpoint_id", "delivery_id", "import_id"
)  # fmt: skip


async def rows_seen(service: ServiceUnderTest, sight: Sight) -> Mapping[str, Sequence[Record]]:
    """All that a statement which asks for everything is shown, by protected table."""
    tables = [row["relname"] for row in await service.db.pool.fetch(_PROTECTED)]
    with seeing(sight):
        async with service.db.unit_of_work() as work:
            return {table: await work.fetch(f"SELECT * FROM {table}") for table in tables}


async def open_tables(service: ServiceUnderTest) -> set[str]:
    """Tables with somebody's rows that no policy protects, and views that read as their owner."""
    tables = await service.db.pool.fetch(_OPEN, list(_OWNERS))
    return {row["relname"] for row in (*tables, *await service.db.pool.fetch(_VIEWS))}


@dataclass
class _Explaining:
    """In a unit of work's place: answers nothing, and keeps the plans of what is asked."""

    work: UnitOfWork
    plans: list[str] = field(default_factory=list[str])

    async def fetch(self, query: str, *args: Any) -> list[Record]:
        self.plans += [row[0] for row in await self.work.fetch(f"EXPLAIN {query}", *args)]
        return []

    async def fetchrow(self, query: str, *args: Any) -> None:
        await self.fetch(query, *args)


async def plans_of(service: ServiceUnderTest, sight: Sight, ask: Callable[[Any], Awaitable[Any]]) -> str:
    """Of the statements by which a store asks, as the role that runs them."""
    with seeing(sight):
        async with service.db.unit_of_work() as work:
            explaining = _Explaining(work)
            await ask(explaining)
    return "\n".join(explaining.plans)
