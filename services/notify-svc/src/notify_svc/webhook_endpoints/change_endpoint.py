"""Changes an endpoint; disabled, it loses what waits for it (and `recover` brings it back)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import check_match
from servicekit.problems import invalid, not_found

from notify_svc.scope import WebhookScope
from notify_svc.webhook_endpoints import store
from notify_svc.webhook_endpoints.create_endpoint import (
    SEALED,
    Rules,
    check_values,
    leads_need_admin,
    sealed_value,
)
from notify_svc.webhook_endpoints.endpoint import Endpoint
from notify_svc.webhook_sending.store import cancel_waiting


@dataclass(frozen=True, slots=True)
class ChangeEndpoint:
    endpoint_id: str
    scope: WebhookScope
    changes: Mapping[str, Any]
    if_match: str | None


async def change_endpoint(work: UnitOfWork, command: ChangeEndpoint, rules: Rules) -> Endpoint:
    """Raises 404, 412 when it was changed meanwhile, 403 or 422."""
    current = await store.find_to_change(work, command.endpoint_id, command.scope)
    if current is None:
        raise not_found()
    check_match(command.if_match, current.version)
    check_values(command.changes, command.scope, rules.reach)
    if current.receives_leads and "url" in command.changes and not command.scope.is_everything:
        raise leads_need_admin()
    changes = dict(command.changes)
    for name in SEALED:
        if name in changes:
            changes[name] = sealed_value(changes[name], current.id, rules.sealer)
    if current.kind == "webhook" and ("api_key" in changes or "target_project_id" in changes):
        raise invalid("not-a-leadwire", "Only a Leadwire endpoint has a partner key and a project.")
    wanted = msgspec.structs.replace(current, **changes)
    if wanted == current:
        return current
    changed = await store.update(work, wanted)
    if changed.disabled and not current.disabled:
        await cancel_waiting(work, [current.id])
    return changed
