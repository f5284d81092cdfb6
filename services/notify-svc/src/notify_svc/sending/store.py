"""SQL of sending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from contracts.envelope import Trace
from contracts.events.values import LeadRef
from messaging.unit_of_work import UnitOfWork

from notify_svc.sending.rules import RESENDS_AFTER_LOST_LEASE, Standing

# Whoever had these mails is dead, or too slow to be trusted: nobody knows whether the server has them.
EXPIRE_LEASES = """
WITH lost AS (
    UPDATE emails
    SET state = 'unknown', lost_leases = lost_leases + 1, version = version + 1, reason = 'lease-lost',
        next_attempt_at = CASE WHEN lost_leases < $1 THEN now() END
    WHERE id IN (
        SELECT id FROM emails WHERE state = 'sending' AND next_attempt_at <= now() FOR UPDATE SKIP LOCKED
    )
    RETURNING id, attempts
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
)
UPDATE emails e
SET state = 'sending', attempts = attempts + 1, lease_token = lease_token + 1, version = version + 1,
    next_attempt_at = now() + $5, message_id = coalesce(message_id, '<' || e.id || '@' || $6 || '>'),
    give_up_at = coalesce(give_up_at, now() + $7)
FROM mine WHERE e.id = mine.id
RETURNING e.id, e.lease_token, e.template, e.template_version, e.recipient, e.domain, e.variables, e.message_id,
    e.created_at, e.attempts, e.lost_replies, now() > e.give_up_at AS overdue
"""

# The token fences off whoever lost the lease to another; one that nobody took over may still say what came of it.
MARK = """
WITH done AS (
    SELECT * FROM jsonb_to_recordset($1) AS d(
        id text, lease_token bigint, event text, state text, wait_seconds double precision, reason text, code integer,
        reply text
    )
), marked AS (
    UPDATE emails e
    SET state = d.state, reason = d.reason, reply_code = d.code, reply = d.reply, version = e.version + 1,
        next_attempt_at = now() + make_interval(secs => d.wait_seconds),
        lost_replies = e.lost_replies + (d.event = 'reply-lost')::int,
        attempts = e.attempts - (d.event = 'released')::int,
        sent_at = CASE WHEN d.state = 'sent' THEN now() ELSE e.sent_at END
    FROM done d
    WHERE e.id = d.id AND e.lease_token = d.lease_token AND e.state IN ('sending', 'unknown')
    RETURNING e.id, e.attempts, e.state, e.version, e.cause_id, e.template, e.recipient, e.lead, e.trace, e.reason,
        d.event, d.code, d.reply
), logged AS (
    INSERT INTO email_log (email_id, attempt, event, code, reply)
    SELECT id, attempts, event, code, reply FROM marked WHERE event <> 'released'
)
SELECT id, state, version, cause_id, template, recipient, lead, trace, reason FROM marked
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
    variables: dict[str, Any]
    message_id: str
    created_at: datetime
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
    lead: LeadRef
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
            standing=Standing(row["attempts"], row["lost_replies"], row["overdue"]),
            **{name: row[name] for name in _CLAIMED},
        )
        for row in rows
    ]


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
            lead=msgspec.convert(row["lead"], LeadRef),
            trace=msgspec.convert(row["trace"], Trace),
            reason=row["reason"],
        )
        for row in await work.fetch(MARK, marks)
    ]


_CLAIMED = (
    "id", "lease_token", "template", "template_version", "recipient", "domain", "variables", "message_id", "created_at",
)  # fmt: skip
