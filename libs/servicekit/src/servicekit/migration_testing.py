"""For tests of migrations: that a schema goes back to its first revision, and forward to the same again."""

from typing import Any, Final

import asyncpg

from servicekit.migrations import chain_of, move_to

# All that a migration makes, in words that can be compared.
_SCHEMA: Final = """
SELECT 'column', table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, column_default,
    collation_name, generation_expression)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid)
    FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'policy', tablename || '.' || policyname, concat_ws(' ', roles, cmd, qual, with_check)
    FROM pg_policies WHERE schemaname = 'public'
UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


async def schema_of(dsn: str) -> set[tuple[Any, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        return {tuple(row) for row in await connection.fetch(_SCHEMA)}
    finally:
        await connection.close()


async def go_back_and_forth(dsn: str, package: str) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    """From the newest revision down to the first, one by one, and up again; what is missing then, and what is new."""
    before = await schema_of(dsn)
    revisions = chain_of(package)
    for revision in reversed(revisions[:-1]):
        await move_to(dsn, package, revision)
    await move_to(dsn, package, revisions[-1])
    after = await schema_of(dsn)
    return before - after, after - before
