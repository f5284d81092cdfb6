"""Bodies and answers of `/v1/webhook-endpoints`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator
from servicekit.http import Input

from notify_svc.webhook_endpoints.endpoint import Endpoint, Kind, OwnerKind
from notify_svc.webhook_events.catalogue import is_known_pattern

Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Patterns = Annotated[list[Pattern], Field(max_length=100)]
PartnerKey = Annotated[SecretStr, Field(min_length=20, max_length=200)]
SigningSecret = Annotated[SecretStr, Field(min_length=20, max_length=200)]


def _known(patterns: Iterable[str]) -> list[str]:
    chosen = list(dict.fromkeys(patterns))
    if not all(is_known_pattern(pattern) for pattern in chosen):
        raise ValueError("Name event types that webhooks tell, or whole groups of them such as intake.lead.*")
    return chosen


class NewEndpoint(Input):
    """`owner_kind` and `owner_id` are taken from the caller, unless it is an admin."""

    kind: Kind = "webhook"
    owner_kind: OwnerKind | None = None
    owner_id: Id | None = None
    url: Url
    event_types: Patterns = Field(default_factory=list[str])
    receives_leads: bool = False
    description: Words | None = None
    target_project_id: Id | None = None
    api_key: PartnerKey | None = None
    incoming_secret: SigningSecret | None = None

    _known_types = field_validator("event_types")(_known)


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class EndpointPatch(Input):
    """What was not sent is not changed."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    url: Url = ""
    event_types: Patterns = Field(default_factory=list[str])
    receives_leads: bool = False
    description: Words | None = None
    target_project_id: Id = ""
    api_key: PartnerKey = SecretStr("")
    incoming_secret: SigningSecret = SecretStr("")
    disabled: bool = False

    _known_types = field_validator("event_types")(_known)

    def sent(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}


class EndpointQuery(Input):
    owner_kind: OwnerKind | None = None
    owner_id: Id | None = None
    limit: int = Field(default=25, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)


class Rotation(Input):
    """How long the former secret stays valid beside the new one."""

    overlap_hours: int = Field(default=24, ge=0, le=168)


class RecoverSince(Input):
    since: AwareDatetime


class EndpointOut(BaseModel):
    """`failures` counts the attempts that failed since the last success. Secrets are never shown again."""

    id: str
    kind: Kind
    owner_kind: OwnerKind
    owner_id: str | None
    url: str
    event_types: list[str]
    receives_leads: bool
    description: str | None
    target_project_id: str | None
    has_api_key: bool
    has_incoming_secret: bool
    disabled: bool
    disabled_reason: str | None
    disabled_at: datetime | None
    failures: int
    failing_since: datetime | None
    paused_until: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class EndpointWithSecret(EndpointOut):
    """`secret` is shown this once; a repeat of the request with the same `Idempotency-Key` has null there."""

    secret: str | None


class SecretOut(BaseModel):
    """`former_valid_until` is null when there was no former secret, or none that stays valid."""

    secret: str | None
    former_valid_until: datetime | None


class Recovered(BaseModel):
    """How many deliveries are queued again."""

    queued: int


def shown(endpoint: Endpoint) -> EndpointOut:
    return EndpointOut.model_validate(_facts(endpoint))


def shown_once(endpoint: Endpoint, secret: str) -> EndpointWithSecret:
    return EndpointWithSecret.model_validate({**_facts(endpoint), "secret": secret})


def _facts(endpoint: Endpoint) -> dict[str, Any]:
    keys = {"has_api_key": endpoint.api_key is not None, "has_incoming_secret": endpoint.incoming_secret is not None}
    return {**msgspec.structs.asdict(endpoint), **keys}
