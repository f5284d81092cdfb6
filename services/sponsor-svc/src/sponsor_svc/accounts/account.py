"""A sponsor account: what a user of level sponsor sees, of which sponsors (S0.11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Account:
    """It is in force while it is `active` and the feature is on. `id` is the user's."""

    id: str
    sponsor_ids: Sequence[str]
    pages: Sequence[str]
    active: bool
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Feature:
    enabled: bool
    version: int
