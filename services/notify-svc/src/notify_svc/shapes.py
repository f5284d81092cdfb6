"""What the queries of several features share."""

from pydantic import Field
from servicekit.http import Input


class PageQuery(Input):
    """The query of a list. Unknown parameters are errors, as unknown fields are."""

    limit: int = Field(default=25, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)
