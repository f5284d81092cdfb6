"""SQL of the endpoints and their secrets."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from notify_svc.scope import WebhookScope
from notify_svc.webhook_endpoints.endpoint import Endpoint

_COLUMNS = ", ".join(Endpoint.__struct_fields__)
_MINE = "deleted_at IS NULL AND ($2::text IS NULL OR (owner_kind = $2 AND owner_id = ANY($3)))"

INSERT = f"""
INSERT INTO webhook_endpoints (
    id, kind, owner_kind, owner_id, url, event_types, receives_leads, description, target_project_id, api_key,
    incoming_secret
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
RETURNING {_COLUMNS}
"""

FIND = f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE id = $1 AND {_MINE}"
FIND_TO_CHANGE = f"{FIND} FOR UPDATE"

LIST = f"""
SELECT {_COLUMNS} FROM webhook_endpoints
WHERE deleted_at IS NULL AND ($1::text IS NULL OR owner_kind = $1)
    AND (cardinality($2::text[]) = 0 OR owner_id = ANY($2)) AND ($3::text IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""

# Enabled again it starts afresh: what was held against it is forgotten.
UPDATE = f"""
UPDATE webhook_endpoints
SET url = $2, event_types = $3, receives_leads = $4, description = $5, target_project_id = $6, api_key = $7,
    incoming_secret = $8, disabled = $9, disabled_reason = CASE WHEN $9 THEN coalesce(disabled_reason, 'asked') END,
    disabled_at = CASE WHEN $9 THEN coalesce(disabled_at, now()) END,
    failures = CASE WHEN disabled AND NOT $9 THEN 0 ELSE failures END,
    failing_since = CASE WHEN disabled AND NOT $9 THEN NULL ELSE failing_since END,
    paused_until = CASE WHEN disabled AND NOT $9 THEN NULL ELSE paused_until END,
    version = version + 1, updated_at = now()
WHERE id = $1
RETURNING {_COLUMNS}
"""

DELETE = """
UPDATE webhook_endpoints
SET deleted_at = now(), disabled = true, disabled_reason = 'deleted', disabled_at = coalesce(disabled_at, now()),
    api_key = CASE WHEN kind = 'leadwire' THEN ''::bytea END, incoming_secret = NULL, version = version + 1
WHERE id = $1
"""
DELETE_SECRETS = "DELETE FROM webhook_secrets WHERE endpoint_id = $1"

INSERT_SEALED = "INSERT INTO webhook_secrets (id, endpoint_id, sealed) VALUES ($1, $2, $3)"
# The newest stays a while; the ones before it end now, so that two are valid at most.
RETIRE_SECRETS = """
WITH newest AS (
    SELECT id FROM webhook_secrets WHERE endpoint_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1
), gone AS (
    DELETE FROM webhook_secrets WHERE endpoint_id = $1 AND id NOT IN (SELECT id FROM newest)
)
UPDATE webhook_secrets SET expires_at = now() + make_interval(hours => $2)
WHERE id IN (SELECT id FROM newest) RETURNING expires_at
"""

RECOVER = """
WITH again AS (
    UPDATE webhook_deliveries
    SET state = 'queued', next_attempt_at = now(), tries = 0, lost_leases = 0, reason = NULL, version = version + 1
    WHERE endpoint_id = $1 AND created_at >= $2 AND state IN ('exhausted', 'cancelled') AND body IS NOT NULL
        AND purpose <> 'test'
    RETURNING id, attempts
), logged AS (
    INSERT INTO webhook_attempts (delivery_id, attempt, event, by) SELECT id, attempts, 'recovery-asked', $3 FROM again
)
SELECT count(*) FROM again
"""


async def insert(work: UnitOfWork, values: Mapping[str, Any]) -> Endpoint:
    names = (
        "id", "kind", "owner_kind", "owner_id", "url", "event_types", "receives_leads", "description",
        "target_project_id", "api_key", "incoming_secret",
    )  # fmt: skip
    return _endpoint(await work.fetchrow(INSERT, *(values[name] for name in names)))


async def find(work: UnitOfWork, endpoint_id: str, scope: WebhookScope) -> Endpoint | None:
    return _found(await work.fetchrow(FIND, endpoint_id, scope.owner_kind, scope.owner_ids))


async def find_to_change(work: UnitOfWork, endpoint_id: str, scope: WebhookScope) -> Endpoint | None:
    return _found(await work.fetchrow(FIND_TO_CHANGE, endpoint_id, scope.owner_kind, scope.owner_ids))


async def list_page(work: UnitOfWork, scope: WebhookScope, before: str | None, limit: int) -> list[Endpoint]:
    """Newest first."""
    rows = await work.fetch(LIST, scope.owner_kind, scope.owner_ids, before, limit)
    return [_endpoint(row) for row in rows]


async def update(work: UnitOfWork, wanted: Endpoint) -> Endpoint:
    names = (
        "id", "url", "event_types", "receives_leads", "description", "target_project_id", "api_key",
        "incoming_secret", "disabled",
    )  # fmt: skip
    return _endpoint(await work.fetchrow(UPDATE, *(getattr(wanted, name) for name in names)))


async def delete(work: UnitOfWork, endpoint_id: str) -> None:
    """Nothing of its secrets stays; its deliveries stay in the ledger."""
    await work.execute(DELETE, endpoint_id)
    await work.execute(DELETE_SECRETS, endpoint_id)


async def add_secret(work: UnitOfWork, secret_id: str, endpoint_id: str, sealed: bytes) -> None:
    await work.execute(INSERT_SEALED, secret_id, endpoint_id, sealed)


async def retire_secrets(work: UnitOfWork, endpoint_id: str, overlap_hours: int) -> datetime | None:
    """When the newest one ends; None: there is none."""
    return await work.fetchval(RETIRE_SECRETS, endpoint_id, overlap_hours)


async def recover(work: UnitOfWork, endpoint_id: str, since: datetime, by: str) -> int:
    """How many failed and cancelled deliveries wait again."""
    return await work.fetchval(RECOVER, endpoint_id, since, by)


def _found(row: Record | None) -> Endpoint | None:
    return None if row is None else _endpoint(row)


def _endpoint(row: Record | None) -> Endpoint:
    assert row is not None  # noqa: S101 -- the caller made it, or holds it
    return msgspec.convert(dict(row), Endpoint)
