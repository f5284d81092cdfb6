"""SQL of what came back."""

from dataclasses import dataclass

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

# The Message-ID is made of the ledger's id, so the id in it finds the mail.
FIND = """
SELECT id, state, version, cause_id, template, recipient, lead, trace, attempts, to_person FROM emails
WHERE id = $1 AND message_id = $2 AND erased_at IS NULL FOR UPDATE
"""
FIND_NEWEST = """
SELECT id, state, version, cause_id, template, recipient, lead, trace, attempts, to_person FROM emails
WHERE recipient = $1 AND sent_at IS NOT NULL AND erased_at IS NULL ORDER BY id DESC LIMIT 1 FOR UPDATE
"""
# A mail that somebody asked for again may come back again.
HAS_LOGGED = """
SELECT EXISTS (
    SELECT FROM email_log l WHERE l.email_id = $1 AND l.event = $2 AND NOT EXISTS (
        SELECT FROM email_log later WHERE later.email_id = $1 AND later.event = 'resend-asked' AND later.id > l.id
    )
)
"""
LOG = "INSERT INTO email_log (email_id, attempt, event, code, reply) VALUES ($1, $2, $3, NULL, $4)"
FAIL = """
UPDATE emails SET state = 'failed', reason = $2, version = version + 1, next_attempt_at = NULL
WHERE id = $1 AND state IN ('sent', 'unknown') RETURNING version
"""
TOUCH = "UPDATE emails SET version = version + 1 WHERE id = $1 RETURNING version"


@dataclass(frozen=True, slots=True)
class Wanted:
    message_id: str | None
    recipient: str | None


async def find_mail(work: UnitOfWork, wanted: Wanted) -> Record | None:
    """By its Message-ID, else the newest that was sent to the address."""
    if wanted.message_id is not None:
        return await work.fetchrow(FIND, wanted.message_id.strip("<>").partition("@")[0], wanted.message_id)
    if wanted.recipient is not None:
        return await work.fetchrow(FIND_NEWEST, wanted.recipient)
    return None


async def has_logged(work: UnitOfWork, email_id: str, event: str) -> bool:
    return await work.fetchval(HAS_LOGGED, email_id, event)


async def log(work: UnitOfWork, email: Record, event: str, words: str) -> None:
    await work.execute(LOG, email["id"], email["attempts"], event, words)


async def fail(work: UnitOfWork, email_id: str, reason: str) -> int:
    """Its version now. One that is under way again stays so."""
    version = await work.fetchval(FAIL, email_id, reason)
    return version if version is not None else await touch(work, email_id)


async def touch(work: UnitOfWork, email_id: str) -> int:
    return await work.fetchval(TOUCH, email_id)
