"""SQL of sending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from contracts.envelope import Trace
from contracts.events.values import LeadRef
from messaging.unit_of_work import UnitOfWork

from notify_svc.recipients.preferences import Preferences
from notify_svc.recipients.store import preferences_of
from notify_svc.sending.rules import RESENDS_AFTER_LOST_LEASE, Standing

# Whoever had these mails is dead, or too slow to be trusted: nobody knows whether the server has them.
EXPIRE_LEASES = """
WITH lost AS (
    UPDATE emails e
    SET state = 'unknown', lost_leases = lost_leases + 1, version = e.version + 1, reason = 'lease-lost',
        next_attempt_at = CASE WHEN lost_leases < $1 AND h.after_lost_reply = 'resend' THEN now() END
    FROM template_heads h
    WHERE h.key = e.template AND e.id IN (
        SELECT id FROM emails WHERE state = 'sending' AND next_attempt_at <= now() FOR UPDATE SKIP LOCKED
    )
    RETURNING e.id, e.attempts
)
INSERT INTO email_log (email_id, attempt, event) SELECT id, attempts, 'lease-lost' FROM lost
"""

# Each domain with due mails in its turn, so that a long or slow one delays no other: first the first of every domain,
# then the second of each. $1, $2: domains and how many mails to them are under way. The index on (domain, time)
# serves both the walk over the domains and the head of each.
CLAIM = """
WITH RECURSIVE domains AS (
    (SELECT domain FROM emails WHERE next_attempt_at IS NOT NULL ORDER BY domain LIMIT 1)
    UNION ALL
    SELECT (SELECT e.domain FROM emails e WHERE e.next_attempt_at IS NOT NULL AND e.domain > d.domain
            ORDER BY e.domain LIMIT 1)
    FROM domains d WHERE d.domain IS NOT NULL
), busy AS (
    SELECT * FROM unnest($1::text[], $2::integer[]) AS b(domain, running)
), turns AS (
    SELECT due.id
    FROM domains d
    LEFT JOIN busy b USING (domain)
    CROSS JOIN LATERAL (
        SELECT head.id, head.next_attempt_at,
               coalesce(b.running, 0) + row_number() OVER (ORDER BY head.next_attempt_at) AS turn
        FROM (
            SELECT e.id, e.next_attempt_at FROM emails e
            WHERE e.domain = d.domain AND e.next_attempt_at <= now() AND e.state IN ('queued', 'unknown')
            ORDER BY e.next_attempt_at LIMIT greatest($3 - coalesce(b.running, 0), 0)
        ) head
    ) due
    ORDER BY due.turn, due.next_attempt_at
    LIMIT $4
), mine AS MATERIALIZED (
    SELECT e.id FROM emails e
    WHERE e.id IN (SELECT id FROM turns) AND e.next_attempt_at <= now() AND e.state IN ('queued', 'unknown')
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE emails e
    SET state = 'sending', attempts = attempts + 1, lease_token = lease_token + 1, version = version + 1,
        next_attempt_at = now() + $5, message_id = coalesce(message_id, '<' || e.id || '@' || $6 || '>'),
        give_up_at = coalesce(give_up_at, now() + $7)
    FROM mine WHERE e.id = mine.id
    RETURNING e.*
)
SELECT e.id, e.lease_token, e.template, e.template_version, e.recipient, e.domain, e.sponsor_id, e.variables,
    e.message_id, e.created_at, e.attempts, e.lost_replies, e.at_once, e.slot_at <= now() AS has_slot,
    e.erased_at IS NOT NULL AS erased, now() > e.give_up_at AS overdue, h.after_lost_reply = 'resend' AS resend_lost,
    s.kind AS suppressed, r.address IS NOT NULL AS has_wishes, r.time_zone, r.quiet_from, r.quiet_until, r.digest,
    r.digest_at
FROM claimed e
JOIN template_heads h ON h.key = e.template
LEFT JOIN email_suppressions s ON s.address = e.recipient
LEFT JOIN email_recipients r ON r.address = e.recipient
"""

# The token fences off whoever lost the lease to another; one that nobody took over may still say what came of it.
MARK = """
WITH done AS (
    SELECT * FROM jsonb_to_recordset($1) AS d(
        id text, lease_token bigint, event text, state text, wait_seconds double precision, reason text, code integer,
        reply text, suppress boolean
    )
), marked AS (
    UPDATE emails e
    SET state = CASE WHEN e.erased_at IS NOT NULL AND d.wait_seconds IS NOT NULL THEN 'failed' ELSE d.state END,
        reason = CASE WHEN e.erased_at IS NOT NULL AND d.state <> 'sent' THEN 'erased' ELSE d.reason END,
        next_attempt_at = CASE WHEN e.erased_at IS NULL THEN now() + make_interval(secs => d.wait_seconds) END,
        reply_code = coalesce(d.code, e.reply_code), version = e.version + 1,
        reply = CASE WHEN e.erased_at IS NULL THEN coalesce(nullif(d.reply, ''), e.reply) END,
        lost_replies = e.lost_replies + (d.event = 'reply-lost')::int,
        attempts = e.attempts - (d.event IN ('released', 'held', 'suppressed'))::int,
        slot_at = CASE WHEN d.event IN ('released', 'held') THEN e.slot_at END,
        sent_at = CASE WHEN d.state = 'sent' THEN now() ELSE e.sent_at END
    FROM done d
    WHERE e.id = d.id AND e.lease_token = d.lease_token AND e.state IN ('sending', 'unknown')
    RETURNING e.id, e.attempts, e.state, e.version, e.cause_id, e.template, e.recipient, e.lead, e.trace, e.reason,
        d.event, d.code, d.suppress AND e.erased_at IS NULL AS suppress,
        CASE WHEN e.erased_at IS NULL THEN d.reply END AS reply
), logged AS (
    INSERT INTO email_log (email_id, attempt, event, code, reply)
    SELECT id, attempts, event, code, reply FROM marked WHERE event NOT IN ('released', 'held')
), suppressing AS (
    INSERT INTO email_suppressions (address, kind, reason, code, reply, email_id)
    SELECT DISTINCT ON (recipient) recipient, 'refused', reason, code, reply, id FROM marked WHERE suppress
    ON CONFLICT (address) DO NOTHING
)
SELECT id, state, version, cause_id, template, recipient, lead, trace, reason FROM marked
"""


HOLD_SLOTS = """
SELECT m.kind, m.key, m.free_at
FROM mail_slots m JOIN unnest($1::text[], $2::text[]) AS k(kind, key) USING (kind, key)
ORDER BY m.kind, m.key FOR UPDATE OF m
"""
WRITE_SLOTS = """
INSERT INTO mail_slots (kind, key, free_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) ORDER BY 1, 2
ON CONFLICT (kind, key) DO UPDATE SET free_at = greatest(mail_slots.free_at, excluded.free_at)
"""
POSTPONE = """
UPDATE emails e
SET state = 'queued', reason = 'rate-limit', next_attempt_at = s.at, slot_at = s.at, version = version + 1,
    attempts = attempts - 1, give_up_at = CASE WHEN attempts > 1 THEN give_up_at END
FROM unnest($1::text[], $2::timestamptz[]) AS s(id, at) WHERE e.id = s.id AND e.state = 'sending'
"""


@dataclass(frozen=True, slots=True)
class ClaimedEmail:
    """A mail that is ours until its lease ends. `lease_token` fences."""

    id: str
    lease_token: int
    template: str
    template_version: int
    recipient: str
    domain: str
    sponsor_id: str | None
    variables: dict[str, Any]
    message_id: str
    created_at: datetime
    at_once: bool
    has_slot: bool | None
    erased: bool
    suppressed: str | None
    wishes: Preferences | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class MarkedEmail:
    """A mail after its mark was accepted."""

    id: str
    state: str
    version: int
    cause_id: str
    template: str
    recipient: str
    lead: LeadRef | None
    trace: Trace
    reason: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What came of an attempt, and what the ledger is to say now. `wait_seconds` None: no further attempt."""

    id: str
    lease_token: int
    event: str
    code: int | None
    reply: str
    state: str
    wait_seconds: float | None
    reason: str | None
    suppress: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """How many at most, and on what terms. `running` counts the mails under way to each domain."""

    limit: int
    per_domain: int
    running: Mapping[str, int]
    lease: timedelta
    give_up_after: timedelta
    domain: str


async def expire_leases(work: UnitOfWork) -> None:
    await work.execute(EXPIRE_LEASES, RESENDS_AFTER_LOST_LEASE)


async def claim_due(work: UnitOfWork, claim: Claim) -> list[ClaimedEmail]:
    """Due mails that nobody else has."""
    domains, counts = list(claim.running.keys()), list(claim.running.values())
    rows = await work.fetch(
        CLAIM, domains, counts, claim.per_domain, claim.limit, claim.lease, claim.domain, claim.give_up_after
    )
    return [
        ClaimedEmail(
            standing=Standing(row["attempts"], row["lost_replies"], row["overdue"], row["resend_lost"]),
            wishes=preferences_of(row) if row["has_wishes"] else None,
            **{name: row[name] for name in _CLAIMED},
        )
        for row in rows
    ]


async def read_slots(work: UnitOfWork, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], datetime]:
    """When the next mail of each domain or sponsor may go. Until the commit nobody else gives them slots."""
    rows = await work.fetch(HOLD_SLOTS, [kind for kind, _ in keys], [key for _, key in keys])
    return {(row["kind"], row["key"]): row["free_at"] for row in rows}


async def write_slots(work: UnitOfWork, slots: Mapping[tuple[str, str], datetime]) -> None:
    kinds, keys = [kind for kind, _ in slots], [key for _, key in slots]
    await work.execute(WRITE_SLOTS, kinds, keys, list(slots.values()))


async def postpone(work: UnitOfWork, slots: Mapping[str, datetime]) -> None:
    """Claimed mails go back, until the slot that each has got."""
    await work.execute(POSTPONE, list(slots), list(slots.values()))


async def mark(work: UnitOfWork, marks: Sequence[Mark]) -> list[MarkedEmail]:
    """Those whose lease was still theirs to mark."""
    return [
        MarkedEmail(
            id=row["id"],
            state=row["state"],
            version=row["version"],
            cause_id=str(row["cause_id"]),
            template=row["template"],
            recipient=row["recipient"],
            lead=msgspec.convert(row["lead"], LeadRef | None),
            trace=msgspec.convert(row["trace"], Trace),
            reason=row["reason"],
        )
        for row in await work.fetch(MARK, marks)
    ]


_CLAIMED = (
    "id", "lease_token", "template", "template_version", "recipient", "domain", "sponsor_id", "variables", "message_id",
    "created_at", "at_once", "has_slot", "erased", "suppressed",
)  # fmt: skip
