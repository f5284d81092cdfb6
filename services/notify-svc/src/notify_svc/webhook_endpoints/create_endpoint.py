"""Makes an endpoint, with the secret that it signs with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from pydantic import SecretStr
from servicekit.problems import DomainError, forbidden, invalid
from servicekit.sealing import Sealer

from notify_svc.scope import WebhookScope
from notify_svc.webhook_endpoints import store
from notify_svc.webhook_endpoints.endpoint import Endpoint
from notify_svc.webhook_sending.addresses import Reach, UrlRefused, check_url
from notify_svc.webhook_sending.signing import new_secret

SEALED = ("api_key", "incoming_secret")


@dataclass(frozen=True, slots=True)
class Rules:
    """What an installation allows, and what seals its secrets."""

    sealer: Sealer
    reach: Reach


async def create_endpoint(
    work: UnitOfWork, wanted: Mapping[str, Any], scope: WebhookScope, rules: Rules
) -> tuple[Endpoint, str]:
    """The endpoint and its secret. Raises 403 or 422."""
    endpoint_id = new_id("whe")
    kind, owner_id = _owner(wanted, scope)
    check_values(wanted, scope, rules.reach)
    if wanted["kind"] == "leadwire":
        _check_leadwire(wanted, kind)
        wanted = {**wanted, "receives_leads": True}
    elif wanted["api_key"] is not None or wanted["target_project_id"] is not None:
        raise invalid("not-a-leadwire", "Only a Leadwire endpoint has a partner key and a project.", "/kind")
    sealed = {name: sealed_value(wanted[name], endpoint_id, rules.sealer) for name in SEALED}
    values = {**wanted, **sealed, "id": endpoint_id, "owner_kind": kind, "owner_id": owner_id}
    endpoint = await store.insert(work, values)
    return endpoint, await issue_secret(work, endpoint_id, rules.sealer)


async def issue_secret(work: UnitOfWork, endpoint_id: str, sealer: Sealer) -> str:
    secret = new_secret()
    await store.add_secret(work, new_id("whs"), endpoint_id, sealer.seal(secret, endpoint_id))
    return secret


def check_values(values: Mapping[str, Any], scope: WebhookScope, reach: Reach) -> None:
    """Of a new or a changed endpoint. Raises 403 or 422."""
    if not scope.is_everything and (values.get("receives_leads") or values.get("kind") == "leadwire"):
        raise leads_need_admin()
    if "url" in values:
        try:
            check_url(values["url"], reach)
        except UrlRefused as error:
            raise invalid("url-not-allowed", str(error), "/url") from None
    secret = values.get("incoming_secret")
    if secret is not None and not secret.get_secret_value().startswith("whsec_"):
        raise invalid("secret-invalid", "The secret must begin with whsec_.", "/incoming_secret")


def leads_need_admin() -> DomainError:
    return forbidden("leads-need-admin", "Only an admin decides where the content of leads is sent.")


def sealed_value(value: SecretStr | None, endpoint_id: str, sealer: Sealer) -> bytes | None:
    return None if value is None else sealer.seal(value.get_secret_value(), endpoint_id)


def _owner(wanted: Mapping[str, Any], scope: WebhookScope) -> tuple[str, str | None]:
    """Kind and id. Partners and sponsors need not say it, unless they stand for several."""
    kind, owner_id = wanted["owner_kind"], wanted["owner_id"]
    if not scope.is_everything:
        if kind is None and owner_id is None and len(scope.owner_ids) == 1:
            (owner_id,) = scope.owner_ids
        elif owner_id is None:
            raise invalid("owner-required", "Say which of yours it is.", "/owner_id")
        if kind not in {None, scope.owner_kind} or owner_id not in scope.owner_ids:
            raise forbidden()
        return str(scope.owner_kind), owner_id
    if kind is None:
        raise invalid("owner-required", "Say whose endpoint it is.", "/owner_kind")
    if (kind == "crm") != (owner_id is None):
        raise invalid("owner-id-wrong", "All owners but a CRM have an id.", "/owner_id")
    return kind, owner_id


def _check_leadwire(wanted: Mapping[str, Any], owner_kind: str) -> None:
    missing = [name for name in ("api_key", "target_project_id") if wanted[name] is None]
    if missing:
        raise _required(missing[0])
    if owner_kind != "partner":
        raise invalid("owner-not-partner", "A Leadwire that leads are sold to belongs to a partner.", "/owner_kind")


def _required(name: str) -> DomainError:
    return invalid("required", "A Leadwire endpoint needs its partner key and its project.", f"/{name}")
