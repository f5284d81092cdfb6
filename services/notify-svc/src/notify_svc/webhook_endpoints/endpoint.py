"""An endpoint, and which of its values people may choose."""

from datetime import datetime
from typing import Literal

import msgspec

Kind = Literal["webhook", "leadwire"]
OwnerKind = Literal["partner", "sponsor", "project", "crm"]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """`owner_id` is None for a CRM. `disabled_reason` is `asked`, or `gone` after a 410.

    `api_key` and `incoming_secret` are sealed.
    """

    id: str
    kind: Kind
    owner_kind: OwnerKind
    owner_id: str | None
    url: str
    event_types: list[str]
    receives_leads: bool
    description: str | None
    target_project_id: str | None
    api_key: bytes | None
    incoming_secret: bytes | None
    disabled: bool
    disabled_reason: str | None
    disabled_at: datetime | None
    failures: int
    failing_since: datetime | None
    paused_until: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
