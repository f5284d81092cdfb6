"""SQL of sending webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from contracts.envelope import Trace
from contracts.events.values import LeadRef
from messaging.unit_of_work import UnitOfWork

from notify_svc.webhook_sending.rules import RESENDS_AFTER_LOST_LEASE

# Whoever had these is dead, or too slow to be trusted: the receiver may have them, and will see the same webhook-id.
EXPIRE_LEASES = """
WITH lost AS (
    UPDATE webhook_deliveries
    SET state = CASE WHEN lost_leases < $1 THEN 'retrying' ELSE 'exhausted' END,
        next_attempt_at = CASE WHEN lost_leases < $1 THEN now() END,
        lost_leases = lost_leases + 1, version = version + 1, reason = 'lease-lost'
    WHERE id IN (
        SELECT id FROM webhook_deliveries WHERE state = 'sending' AND next_attempt_at <= now() FOR UPDATE SKIP LOCKED
    )
    RETURNING id, attempts, endpoint_id, state, version, cause_id, cause_type, purpose, lead, trace, reason
), logged AS (
    INSERT INTO webhook_attempts (delivery_id, attempt, event) SELECT id, attempts, 'lease-lost' FROM lost
)
SELECT * FROM lost WHERE state = 'exhausted'
"""

# Each endpoint with due deliveries in its turn: first the first of every one, then the second of each. One that fails
# gets one attempt at a time, whatever its share ($1), and what others of us have under way counts, too.
CLAIM = """
WITH RECURSIVE waiting AS (
    (SELECT endpoint_id FROM webhook_deliveries WHERE state IN ('queued', 'retrying') ORDER BY endpoint_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.endpoint_id FROM webhook_deliveries d
            WHERE d.state IN ('queued', 'retrying') AND d.endpoint_id > w.endpoint_id ORDER BY d.endpoint_id LIMIT 1)
    FROM waiting w WHERE w.endpoint_id IS NOT NULL
), turns AS (
    SELECT due.id
    FROM waiting w
    JOIN webhook_endpoints e ON e.id = w.endpoint_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS running FROM webhook_deliveries s WHERE s.endpoint_id = e.id AND s.state = 'sending'
    ) busy
    CROSS JOIN LATERAL (
        SELECT head.id, head.next_attempt_at,
               busy.running + row_number() OVER (ORDER BY head.next_attempt_at) AS turn
        FROM (
            SELECT d.id, d.next_attempt_at FROM webhook_deliveries d
            WHERE d.endpoint_id = e.id AND d.state IN ('queued', 'retrying') AND d.next_attempt_at <= now()
            ORDER BY d.next_attempt_at
            LIMIT greatest((CASE WHEN e.failures > 0 OR e.id = ANY($4) THEN 1 ELSE $1 END) - busy.running, 0)
        ) head
    ) due
    WHERE NOT e.disabled AND (e.paused_until IS NULL OR e.paused_until <= now())
    ORDER BY due.turn, due.next_attempt_at
    LIMIT $2
), mine AS MATERIALIZED (
    SELECT d.id FROM webhook_deliveries d
    WHERE d.id IN (SELECT id FROM turns) AND d.state IN ('queued', 'retrying') AND d.next_attempt_at <= now()
    FOR UPDATE SKIP LOCKED
)
UPDATE webhook_deliveries d
SET state = 'sending', attempts = d.attempts + 1, tries = d.tries + 1, lease_token = d.lease_token + 1,
    version = d.version + 1, next_attempt_at = now() + $3
FROM mine, webhook_endpoints e
WHERE d.id = mine.id AND e.id = d.endpoint_id
RETURNING d.id, d.lease_token, d.endpoint_id, d.body, d.tries, e.kind, e.url, e.api_key, ARRAY(
    SELECT s.sealed FROM webhook_secrets s
    WHERE s.endpoint_id = e.id AND (s.expires_at IS NULL OR s.expires_at > now()) ORDER BY s.created_at DESC
) AS secrets
"""

# The token fences off whoever lost the lease to another.
MARK = """
WITH done AS (
    SELECT * FROM jsonb_to_recordset($1) AS d(
        id text, lease_token bigint, event text, state text, wait_seconds double precision, reason text,
        status smallint, took_ms integer, excerpt text, remote_id text
    )
), marked AS (
    UPDATE webhook_deliveries w
    SET state = d.state, reason = d.reason, status_code = coalesce(d.status, w.status_code), version = w.version + 1,
        next_attempt_at = now() + make_interval(secs => d.wait_seconds),
        attempts = w.attempts - (d.event = 'released')::int, tries = w.tries - (d.event = 'released')::int,
        remote_id = coalesce(d.remote_id, w.remote_id),
        delivered_at = CASE WHEN d.state = 'delivered' THEN now() ELSE w.delivered_at END
    FROM done d
    WHERE w.id = d.id AND w.lease_token = d.lease_token AND w.state = 'sending'
    RETURNING w.id, w.attempts, w.endpoint_id, w.state, w.version, w.cause_id, w.cause_type, w.purpose, w.lead,
        w.trace, w.reason, d.event, d.status, d.took_ms, d.excerpt
), logged AS (
    INSERT INTO webhook_attempts (delivery_id, attempt, event, status_code, took_ms, excerpt)
    SELECT id, attempts, event, status, took_ms, excerpt FROM marked WHERE event <> 'released'
)
SELECT id, endpoint_id, state, version, cause_id, cause_type, purpose, lead, trace, reason, event FROM marked
"""

# What the attempts say about the endpoints. `failed` is how many attempts failed since the last success.
TALLY = """
WITH said AS (
    SELECT * FROM jsonb_to_recordset($1) AS s(
        id text, succeeded boolean, failed integer, pause_seconds double precision, gone boolean
    )
), before AS MATERIALIZED (
    SELECT e.id, CASE WHEN s.succeeded THEN 0 ELSE e.failures END AS failures, s.failed, s.pause_seconds, s.gone
    FROM webhook_endpoints e JOIN said s USING (id)
    WHERE s.failed > 0 OR e.failures > 0
    ORDER BY e.id FOR UPDATE OF e
)
UPDATE webhook_endpoints e
SET failures = b.failures + b.failed,
    failing_since = CASE WHEN b.failures + b.failed = 0 THEN NULL ELSE coalesce(e.failing_since, now()) END,
    paused_until = CASE WHEN b.pause_seconds > 0
        THEN greatest(e.paused_until, now() + make_interval(secs => b.pause_seconds)) ELSE e.paused_until END,
    alarms = e.alarms + (b.gone OR (b.failures < $2 AND b.failures + b.failed >= $2))::int,
    disabled = e.disabled OR b.gone,
    disabled_reason = CASE WHEN b.gone AND NOT e.disabled THEN 'gone' ELSE e.disabled_reason END,
    disabled_at = CASE WHEN b.gone AND NOT e.disabled THEN now() ELSE e.disabled_at END,
    version = e.version + b.gone::int
FROM before b WHERE e.id = b.id
RETURNING e.id, e.failures, e.alarms, b.gone, b.failures < $2 AND e.failures >= $2 AS alarming
"""

CANCEL_WAITING = """
UPDATE webhook_deliveries
SET state = 'cancelled', next_attempt_at = NULL, reason = 'endpoint-disabled', version = version + 1
WHERE endpoint_id = ANY($1) AND state IN ('queued', 'retrying')
"""


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that is ours until its lease ends. `lease_token` fences; secrets are sealed, newest first."""

    id: str
    lease_token: int
    endpoint_id: str
    body: str
    tries: int
    kind: str
    url: str
    api_key: bytes | None
    secrets: list[bytes]


@dataclass(frozen=True, slots=True)
class MarkedDelivery:
    """A delivery after its mark was accepted."""

    id: str
    endpoint_id: str
    state: str
    version: int
    cause_id: str
    cause_type: str
    purpose: str
    lead: LeadRef | None
    trace: Trace
    reason: str | None
    event: str = "lease-lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What came of an attempt, and what the ledger is to say now. `wait_seconds` None: no further attempt."""

    id: str
    endpoint_id: str
    lease_token: int
    event: str
    state: str
    wait_seconds: float | None
    reason: str | None
    status: int | None
    took_ms: int
    excerpt: str | None
    remote_id: str | None
    verdict: str | None = None
    pause_seconds: float = 0


@dataclass(slots=True)
class Tally:
    """What a turn's attempts say about an endpoint, in their order."""

    id: str
    succeeded: bool = False
    failed: int = 0
    pause_seconds: float = 0
    gone: bool = False

    def count(self, mark: Mark) -> None:
        if mark.event == "released":
            return
        if mark.event == "delivered":
            self.succeeded, self.failed = True, 0
        else:
            self.failed += 1
        self.pause_seconds = max(self.pause_seconds, mark.pause_seconds)
        self.gone = self.gone or mark.event == "gone"


@dataclass(frozen=True, slots=True)
class Standing:
    """An endpoint after it was tallied. `alarming`: it has just failed once too often."""

    id: str
    failures: int
    alarms: int
    gone: bool
    alarming: bool


async def expire_leases(work: UnitOfWork) -> list[MarkedDelivery]:
    """Those that are given up."""
    return [_marked(row) for row in await work.fetch(EXPIRE_LEASES, RESENDS_AFTER_LOST_LEASE)]


async def claim_due(
    work: UnitOfWork, limit: int, per_endpoint: int, lease: timedelta, slow: Sequence[str]
) -> list[ClaimedDelivery]:
    """Endpoints that fail, and those that are `slow`, get one attempt at a time."""
    return [ClaimedDelivery(**row) for row in await work.fetch(CLAIM, per_endpoint, limit, lease, slow)]


async def mark(work: UnitOfWork, marks: Sequence[Mark]) -> list[MarkedDelivery]:
    """Those whose lease was still theirs to mark."""
    return [_marked(row, row["event"]) for row in await work.fetch(MARK, marks)]


async def tally(work: UnitOfWork, tallies: Sequence[Tally], alarm_after: int) -> list[Standing]:
    """The endpoints that changed. What waits for one that is gone is cancelled."""
    standings = [Standing(**row) for row in await work.fetch(TALLY, tallies, alarm_after)]
    gone = [standing.id for standing in standings if standing.gone]
    if gone:
        await cancel_waiting(work, gone)
    return standings


async def cancel_waiting(work: UnitOfWork, endpoint_ids: Sequence[str]) -> None:
    await work.execute(CANCEL_WAITING, endpoint_ids)


def _marked(row: Any, event: str = "lease-lost") -> MarkedDelivery:
    lead = row["lead"]
    return MarkedDelivery(
        id=row["id"],
        endpoint_id=row["endpoint_id"],
        state=row["state"],
        version=row["version"],
        cause_id=str(row["cause_id"]),
        cause_type=row["cause_type"],
        purpose=row["purpose"],
        lead=None if lead is None else msgspec.convert(lead, LeadRef),
        trace=msgspec.convert(row["trace"], Trace),
        reason=row["reason"],
        event=event,
    )
