"""Bodies that come from outside."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Input(BaseModel):
    """The base of every body that comes from outside: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class Patch(Input):
    """A PATCH body. The defaults of its fields only say that they may be left out: what was not sent is not changed."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    def sent(self) -> dict[str, Any]:
        """The fields that were sent, as values of this model's types."""
        return {name: getattr(self, name) for name in self.model_fields_set}
