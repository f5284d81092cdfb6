"""What others hear of a partner company."""

from typing import Any, TypeVar

import msgspec
from asyncpg import Record
from contracts.events.intake import PartnerContent
from contracts.events.values import CallingHours

E = TypeVar("E", bound=PartnerContent)


def partner_event(event_class: type[E], row: Record) -> E:
    names = [name for name in event_class.__struct_fields__ if name not in {"partner_id", "calling_hours"}]
    content: dict[str, Any] = {name: row[name] for name in names if name in row}
    hours = row["calling_hours"]
    told = None if hours is None else msgspec.convert({"mode": "custom", **hours}, CallingHours)
    return event_class(partner_id=row["id"], calling_hours=told, **content)
