"""Bodies that come from outside."""

from typing import Any

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr

from servicekit.problems import DomainError, FieldError, Kind


class Input(BaseModel):
    """The base of every body that comes from outside: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


def _as_it_came(value: Any) -> Any:
    return SecretStr(value) if isinstance(value, str) else value


# Of a password every character is meant: spaces around it as well, which `Input` takes from other texts.
Exactly = BeforeValidator(_as_it_came)


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class Patch(Input):
    """A PATCH body. The defaults of its fields only say that they may be left out: what was not sent is not changed."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    def sent(self) -> dict[str, Any]:
        """The fields that were sent, as values of this model's types."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def refuse_in_address(request: Request, *names: str, instead: str) -> None:
    """Raises 422 for parameters that say who somebody is: addresses stand in logs, histories and what proxies keep."""
    errors = [FieldError(f"?{name}", "not-in-addresses", "") for name in names if name in request.query_params]
    if errors:
        raise DomainError(Kind.INVALID, "personal-data-in-address", f"Send it in the body of {instead}.", errors)
