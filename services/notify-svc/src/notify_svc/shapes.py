"""What the bodies of several features share."""

from typing import Any

from pydantic import ConfigDict
from servicekit.http import Input


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class Patch(Input):
    """A PATCH body. The defaults of its fields only say that they may be left out: what was not sent is not changed."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    def sent(self) -> dict[str, Any]:
        """The fields that were sent, as values of this model's types."""
        return {name: getattr(self, name) for name in self.model_fields_set}
