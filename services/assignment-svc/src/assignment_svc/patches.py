"""What a PATCH says."""

from typing import Any

from pydantic import BaseModel


def sent(body: BaseModel) -> dict[str, Any]:
    """What was sent, whole down to the defaults inside of it; null, like nothing, leaves a field as it is."""
    given = body.model_fields_set
    return {name: value for name, value in body.model_dump().items() if name in given and value is not None}
