"""SQL of retention: in portions, so that no lock is held for long."""

from datetime import datetime

from messaging.database import Database

# Those that are over. One that somebody asks for at this moment is left for the next time.
_OLD_DELIVERIES = """
SELECT id FROM webhook_deliveries
WHERE state IN ('delivered', 'exhausted', 'cancelled') AND id < $1 ORDER BY id LIMIT 5000 FOR UPDATE SKIP LOCKED
"""
_OLD_EMAILS = """
SELECT id FROM emails
WHERE state IN ('sent', 'failed', 'suppressed', 'unknown') AND next_attempt_at IS NULL AND id < $1
ORDER BY id LIMIT 5000 FOR UPDATE SKIP LOCKED
"""
DELIVERIES = (
    _OLD_DELIVERIES,
    "DELETE FROM webhook_attempts WHERE delivery_id = ANY($1)",
    "DELETE FROM webhook_deliveries WHERE id = ANY($1)",
)
EMAILS = (
    _OLD_EMAILS,
    "DELETE FROM email_log WHERE email_id = ANY($1)",
    "DELETE FROM digest_items WHERE email_id = ANY($1)",
    "DELETE FROM emails WHERE id = ANY($1)",
)
EXTERNAL_IDS = """
DELETE FROM external_ids WHERE lead_id IN (SELECT lead_id FROM external_ids WHERE lead_id < $1 ORDER BY 1 LIMIT 5000)
"""
OTHERS = (
    "DELETE FROM held_leads WHERE decided_at < now() - interval '30 days'",
    "DELETE FROM incoming_webhooks WHERE at < now() - interval '180 days'",
    "DELETE FROM webhook_secrets WHERE expires_at < now()",
)
ALARMS = "DELETE FROM alarms WHERE last_at < $1"


async def prune_deliveries(database: Database, before: str) -> int:
    """Removes finished ones with ids below `before`, 5,000 at most; how many."""
    return await _prune(database, DELIVERIES, before)


async def prune_emails(database: Database, before: str) -> int:
    """Removes finished ones with ids below `before`, 5,000 at most; how many."""
    return await _prune(database, EMAILS, before)


async def prune_external_ids(database: Database, before: str) -> int:
    """Of leads with ids below `before`, 5,000 at most; how many."""
    return int((await database.pool.execute(EXTERNAL_IDS, before)).rsplit(" ", 1)[1])


async def prune_others(database: Database, before: datetime) -> None:
    for statement in OTHERS:
        await database.pool.execute(statement)
    await database.pool.execute(ALARMS, before)


async def _prune(database: Database, statements: tuple[str, ...], before: str) -> int:
    find, *deletions = statements
    async with database.unit_of_work() as work:
        ids = [row["id"] for row in await work.fetch(find, before)]
        for deletion in deletions if ids else ():
            await work.execute(deletion, ids)
    return len(ids)
