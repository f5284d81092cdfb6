"""What others hear of a partner company."""

from typing import Any, TypeVar

from asyncpg import Record
from contracts.events.intake import PartnerContent

E = TypeVar("E", bound=PartnerContent)


def partner_event(event_class: type[E], row: Record) -> E:
    content: dict[str, Any] = {
        name: row[name] for name in event_class.__struct_fields__ if name != "partner_id" and name in row
    }
    return event_class(partner_id=row["id"], **content)
