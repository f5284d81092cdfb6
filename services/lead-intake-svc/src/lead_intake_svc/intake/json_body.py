"""Bodies of the direct endpoints: read strictly, validated, described for the document."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from servicekit.problems import DomainError, Kind
from servicekit.strict_json import parse
from starlette.requests import ClientDisconnect


async def read_json(request: Request) -> Any:
    """Raises 400 for what is not JSON, 413 for too much of it, 415 for what says that it is something else."""
    return parse(await read_body(request, "application/json"))


async def read_body(request: Request, *media_types: str) -> bytes:
    """As `read_json`; without a `Content-Type` the first of the media types is assumed."""
    given = request.headers.get("content-type")
    if given is not None and given.partition(";")[0].strip().lower() not in media_types:
        words = f"Send {' or '.join(media_types)}."
        raise DomainError(Kind.UNSUPPORTED, "media-type-unsupported", words)
    try:
        return await request.body()
    except ClientDisconnect:
        raise DomainError(Kind.BAD_REQUEST, "body-incomplete") from None


def located(error: ValidationError, place: Sequence[str | int] = ()) -> RequestValidationError:
    """The same errors at their place in the body, as the framework raises them."""
    return RequestValidationError([{**e, "loc": ("body", *place, *e["loc"])} for e in error.errors()])


def described(model: type[BaseModel], **more: Any) -> dict[str, Any]:
    """`openapi_extra` of a direct route that takes the model."""
    schema = _inline(model.model_json_schema())
    content = {"application/json": {"schema": schema}, **more}
    return {"requestBody": {"required": True, "content": content}}


def _inline(schema: dict[str, Any]) -> dict[str, Any]:
    """Without `$defs`, whose references would point elsewhere inside the whole document."""
    definitions: dict[str, Any] = schema.pop("$defs", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolve(definitions[node["$ref"].rpartition("/")[2]])
            return {key: resolve(value) for key, value in node.items()}
        return [resolve(item) for item in node] if isinstance(node, list) else node

    resolved: dict[str, Any] = resolve(schema)
    return resolved
