"""SQL of erasure."""

from collections.abc import Sequence

from messaging.unit_of_work import UnitOfWork

TOMBSTONES = "INSERT INTO erased_leads (lead_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
ERASED_AMONG = "SELECT lead_id FROM erased_leads WHERE lead_id = ANY($1)"
# Whoever queues something about leads has the lock shared, so that an erasure waits for it, or is over before it looks
# for tombstones. One lock for all of the service: with two, an erasure of mails and a sale could each wait for what
# the other holds.
HOLD_OFF = "SELECT pg_advisory_xact_lock_shared(hashtextextended('notify-svc erasure', 0))"
WAIT = "SELECT pg_advisory_xact_lock(hashtextextended('notify-svc erasure', 0))"
# Before anything else: what a bounce or a sender is writing about them is there, or finds them erased.
LOCK_MAILS = "SELECT FROM emails WHERE lead_id = ANY($1) ORDER BY id FOR UPDATE"

# Persons' own addresses, wherever they stand; partners' addresses are theirs, and stay.
_PERSONS = "SELECT recipient FROM emails WHERE lead_id = ANY($1) AND to_person"
SUPPRESSIONS = f"DELETE FROM email_suppressions WHERE address IN ({_PERSONS})"
RECIPIENTS = f"DELETE FROM email_recipients WHERE address IN ({_PERSONS})"
REPLIES_OF_SUPPRESSIONS = """
UPDATE email_suppressions SET reply = NULL
WHERE reply IS NOT NULL AND email_id IN (SELECT id FROM emails WHERE lead_id = ANY($1))
"""
LOGS = """
UPDATE email_log SET reply = NULL
WHERE reply IS NOT NULL AND email_id IN (
    SELECT id FROM emails WHERE lead_id = ANY($1)
    UNION SELECT email_id FROM digest_items WHERE lead_id = ANY($1) AND email_id IS NOT NULL
)
"""
# What a server is being given at this moment stays under way: what came of it is marked, without its words.
EMAILS = """
UPDATE emails
SET variables = '{}', reply = NULL, erased_at = now(), version = version + 1,
    recipient = CASE WHEN to_person THEN 'erased-' || id ELSE recipient END,
    domain = CASE WHEN to_person THEN '' ELSE domain END,
    state = CASE WHEN state IN ('queued', 'unknown') THEN 'failed' ELSE state END,
    reason = CASE WHEN state IN ('queued', 'unknown') THEN 'erased' ELSE reason END,
    next_attempt_at = CASE WHEN state = 'sending' THEN next_attempt_at END
WHERE lead_id = ANY($1) AND erased_at IS NULL
"""
DIGESTS = """
UPDATE emails e
SET variables = jsonb_set(e.variables, '{items}', (
        SELECT coalesce(jsonb_agg(item ORDER BY place), '[]') FROM jsonb_array_elements(e.variables -> 'items')
            WITH ORDINALITY AS i(item, place)
        WHERE NOT coalesce(item ->> 'lead_id' = ANY($1), false)
    )),
    reply = NULL, version = e.version + 1
WHERE e.template = 'digest' AND e.variables ? 'items'
  AND e.id IN (SELECT email_id FROM digest_items WHERE lead_id = ANY($1))
"""
DIGEST_ITEMS = "UPDATE digest_items SET variables = '{}' WHERE lead_id = ANY($1) AND variables <> '{}'"
# Not told any more, and not forgotten that they were.
DIGEST_ITEMS_DROPPED = "DELETE FROM digest_items WHERE lead_id = ANY($1) AND email_id IS NULL"
WAITING = "DELETE FROM waiting_purchases WHERE lead_id = ANY($1)"
ANSWERS = """
DELETE FROM idempotency_keys
WHERE EXISTS (SELECT FROM unnest($1::text[]) AS about(id) WHERE position(convert_to(about.id, 'UTF8') IN body) > 0)
"""


async def hold_off_erasure(work: UnitOfWork) -> None:
    """Before the first look at, or change of, what an erasure scrubs: until the commit none begins."""
    await work.execute(HOLD_OFF)


async def erased_among(work: UnitOfWork, lead_ids: Sequence[str]) -> set[str]:
    return {row["lead_id"] for row in await work.fetch(ERASED_AMONG, lead_ids)}


async def begin(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    """From here on nothing is queued about them; what was being queued is there."""
    await work.execute(WAIT)
    await work.execute(TOMBSTONES, lead_ids)


async def scrub_mails(work: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, int]:
    """Rows by table. What was scrubbed before is not counted again."""
    await work.execute(LOCK_MAILS, lead_ids)
    suppressions = await _changed(work, SUPPRESSIONS, lead_ids) + await _changed(
        work, REPLIES_OF_SUPPRESSIONS, lead_ids
    )
    recipients = await _changed(work, RECIPIENTS, lead_ids)
    logs = await _changed(work, LOGS, lead_ids)
    digests = await _changed(work, DIGESTS, lead_ids)
    emails = await _changed(work, EMAILS, lead_ids)
    items = await _changed(work, DIGEST_ITEMS_DROPPED, lead_ids) + await _changed(work, DIGEST_ITEMS, lead_ids)
    return {
        "emails": emails + digests,
        "email_log": logs,
        "email_suppressions": suppressions,
        "email_recipients": recipients,
        "digest_items": items,
        "waiting_purchases": await _changed(work, WAITING, lead_ids),
        "idempotency_keys": await _changed(work, ANSWERS, lead_ids),
    }


async def _changed(work: UnitOfWork, statement: str, lead_ids: Sequence[str]) -> int:
    return int((await work.execute(statement, lead_ids)).rsplit(" ", 1)[1])
