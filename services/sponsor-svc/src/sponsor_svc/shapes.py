"""What the bodies and answers of all features share."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from servicekit.http import Input
from servicekit.paging import decode_cursor


class PageQuery(Input):
    """The query of every list. Unknown parameters are errors, as unknown fields are."""

    limit: int = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)


def id_before(cursor: str | None) -> str | None:
    """Where a list of newest rows first goes on. Raises 422."""
    key = decode_cursor(cursor, str)
    return key[0] if key else None


class Named(BaseModel):
    """What those see who only need to know what something is called."""

    id: str
    name: str


class Stored(BaseModel):
    """`version` is also the ETag."""

    id: str
    version: int
    created_at: datetime
    updated_at: datetime


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class Patch(Input):
    """A PATCH body. The defaults of its fields only say that they may be left out: what was not sent is not changed."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    def sent(self) -> dict[str, Any]:
        """The fields that were sent, as values of this model's types."""
        return {name: getattr(self, name) for name in self.model_fields_set}
