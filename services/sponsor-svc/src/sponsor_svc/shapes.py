"""What the bodies and answers of all features share."""

from datetime import datetime

from pydantic import BaseModel, Field
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
