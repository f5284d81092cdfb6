"""A sponsor: an organisation that the call centre works for."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from contracts.events.sponsor import SponsorContent

E = TypeVar("E", bound=SponsorContent)


@dataclass(frozen=True, kw_only=True)
class Sponsor:
    id: str
    name: str
    code: str | None
    contact: str | None
    status: str
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def active(self) -> bool:
        return self.status == "active"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """To how much a sponsor is attached."""

    contact_lists: int
    projects: int
    products: int


def told(sponsor: Sponsor, event_class: type[E]) -> E:
    return event_class(sponsor_id=sponsor.id, name=sponsor.name, code=sponsor.code, status=sponsor.status)
