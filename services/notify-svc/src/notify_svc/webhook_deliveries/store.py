"""SQL of the ledger of webhooks, apart from sending."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from notify_svc.scope import WebhookScope

INSERT_DELIVERIES = """
INSERT INTO webhook_deliveries (
    id, endpoint_id, owner_kind, owner_id, cause_id, cause_type, event_type, purpose, lead_id, lead, trace, body,
    state, reason, next_attempt_at
)
SELECT n.id, e.id, e.owner_kind, e.owner_id, n.cause_id, n.cause_type, n.event_type, n.purpose, n.lead_id, n.lead,
    n.trace, n.body, CASE WHEN e.disabled THEN 'cancelled' ELSE 'queued' END,
    CASE WHEN e.disabled THEN 'endpoint-disabled' END, CASE WHEN NOT e.disabled THEN now() END
FROM jsonb_to_recordset($1) AS n(
    id text, endpoint_id text, cause_id uuid, cause_type text, event_type text, purpose text, lead_id text,
    lead jsonb, trace jsonb, body text
)
JOIN webhook_endpoints e ON e.id = n.endpoint_id AND e.deleted_at IS NULL
ON CONFLICT (cause_id, endpoint_id, purpose) DO NOTHING
"""

_COLUMNS = """
    id, endpoint_id, owner_kind, owner_id, cause_id, cause_type, event_type, purpose, lead_id, state, attempts,
    status_code, reason, remote_id, created_at, delivered_at, body IS NULL AS erased,
    CASE WHEN state <> 'sending' THEN next_attempt_at END AS next_attempt_at
"""
_MINE = "($2::text IS NULL OR (owner_kind = $2 AND owner_id = ANY($3)))"
READ_DELIVERY = f"SELECT {_COLUMNS} FROM webhook_deliveries WHERE id = $1 AND {_MINE}"
READ_ATTEMPTS = """
SELECT at, attempt, event, status_code, took_ms, excerpt, by FROM webhook_attempts WHERE delivery_id = $1 ORDER BY id
"""

# Asked for again, it has the whole schedule again, and its old id for whoever has it already.
REPLAY = f"""
WITH again AS (
    UPDATE webhook_deliveries d
    SET state = 'queued', next_attempt_at = now(), tries = 0, lost_leases = 0, reason = NULL, version = d.version + 1
    FROM webhook_endpoints e
    WHERE d.id = $1 AND d.state NOT IN ('queued', 'sending') AND d.body IS NOT NULL
        AND e.id = d.endpoint_id AND NOT e.disabled
        AND ($2::text IS NULL OR (d.owner_kind = $2 AND d.owner_id = ANY($3)))
    RETURNING d.*
), logged AS (
    INSERT INTO webhook_attempts (delivery_id, attempt, event, by) SELECT id, attempts, 'replay-asked', $4 FROM again
)
SELECT {_COLUMNS} FROM again
"""
WHY_NOT = f"""
SELECT state, body IS NULL AS erased, (SELECT disabled FROM webhook_endpoints e WHERE e.id = endpoint_id) AS disabled
FROM webhook_deliveries WHERE id = $1 AND {_MINE}
"""

FORGET_HELD = "DELETE FROM held_leads WHERE lead_id = ANY($1)"
FORGET_EXTERNAL_IDS = "DELETE FROM external_ids WHERE lead_id = ANY($1)"
FORGET_EXCERPTS = """
UPDATE webhook_attempts SET excerpt = NULL
WHERE excerpt IS NOT NULL AND delivery_id IN (SELECT id FROM webhook_deliveries WHERE lead_id = ANY($1))
"""
FORGET_BODIES = """
UPDATE webhook_deliveries
SET body = NULL, remote_id = NULL, version = version + 1, next_attempt_at = NULL,
    reason = CASE WHEN state IN ('queued', 'sending', 'retrying') THEN 'erased' ELSE reason END,
    state = CASE WHEN state IN ('queued', 'sending', 'retrying') THEN 'cancelled' ELSE state END
WHERE lead_id = ANY($1) AND body IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class DeliveryFilters:
    endpoint_id: str | None = None
    state: str | None = None
    lead_id: str | None = None
    event_type: str | None = None


async def insert_deliveries(work: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    await work.execute(INSERT_DELIVERIES, rows)


async def read_delivery(work: UnitOfWork, delivery_id: str, scope: WebhookScope) -> Record | None:
    return await work.fetchrow(READ_DELIVERY, delivery_id, scope.owner_kind, scope.owner_ids)


async def read_attempts(work: UnitOfWork, delivery_id: str) -> list[Record]:
    return await work.fetch(READ_ATTEMPTS, delivery_id)


async def replay(work: UnitOfWork, delivery_id: str, scope: WebhookScope, by: str) -> Record | None:
    """None when it is unknown, under way or erased, or its endpoint disabled."""
    return await work.fetchrow(REPLAY, delivery_id, scope.owner_kind, scope.owner_ids, by)


async def why_not(work: UnitOfWork, delivery_id: str, scope: WebhookScope) -> Record | None:
    return await work.fetchrow(WHY_NOT, delivery_id, scope.owner_kind, scope.owner_ids)


async def list_deliveries(
    work: UnitOfWork, scope: WebhookScope, filters: DeliveryFilters, before: str | None, limit: int
) -> list[Record]:
    """Newest first, up to `limit` rows before the id."""
    asked = {
        "owner_kind": scope.owner_kind,
        "endpoint_id": filters.endpoint_id,
        "state": filters.state,
        "lead_id": filters.lead_id,
        "event_type": filters.event_type,
    }
    chosen = {column: value for column, value in asked.items() if value is not None}
    wanted = ["true", *(f"{column} = ${number}" for number, column in enumerate(chosen, 1))]
    parameters: list[Any] = list(chosen.values())
    if before is not None:
        parameters.append(before)
        wanted.append(f"id < ${len(parameters)}")
    parameters.append(limit)
    page = f"ORDER BY id DESC LIMIT ${len(parameters)}"
    if scope.is_everything:
        source = "webhook_deliveries"
    else:
        # The newest of each owner are read by its index, and merged; with `= ANY` all of theirs would be sorted.
        parameters.append(scope.owner_ids)
        wanted.append("owner_id = own.id_of")
        source = f"""unnest(${len(parameters)}::text[]) AS own (id_of) CROSS JOIN LATERAL (
            SELECT * FROM webhook_deliveries WHERE {" AND ".join(wanted)} {page}
        ) AS newest"""
        wanted = ["true"]
    return await work.fetch(f"SELECT {_COLUMNS} FROM {source} WHERE {' AND '.join(wanted)} {page}", *parameters)


async def forget_leads(work: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, int]:
    """How many rows per table held something about the leads; the erasure has begun."""
    statements = {
        "held_leads": FORGET_HELD, "webhook_attempts": FORGET_EXCERPTS, "webhook_deliveries": FORGET_BODIES,
        "external_ids": FORGET_EXTERNAL_IDS,
    }  # fmt: skip
    return {table: _count(await work.execute(statement, lead_ids)) for table, statement in statements.items()}


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[1])
