"""Lists: keyset cursors, never offsets."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel

from servicekit.problems import DomainError, FieldError, Kind

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=500)]


class Page(BaseModel, Generic[T]):
    data: list[T]
    has_more: bool
    next_cursor: str | None


def encode_cursor(*key: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode_cursor(cursor: str | None, *types: type) -> tuple[Any, ...] | None:
    """The key that `encode_cursor` was given; raises a 422 for anything that it did not make."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key = msgspec.json.decode(raw, type=tuple.__class_getitem__(tuple(types)))
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        raise _not_ours() from None
    if not all(_storable(part) for part in key):
        raise _not_ours()
    return key


def _not_ours() -> DomainError:
    error = FieldError("?cursor", "cursor-invalid", "The cursor is not one that a list answer gave.")
    return DomainError(Kind.INVALID, "validation-failed", errors=[error])


def _storable(part: Any) -> bool:
    """What PostgreSQL takes as a parameter: a forged cursor must not become an error of the database."""
    if isinstance(part, str):
        return "\0" not in part
    return not isinstance(part, int) or -(2**63) <= part < 2**63


def page_of(
    rows: Sequence[Any], limit: int, shape: Callable[[Any], T], key: Callable[[Any], tuple[Any, ...]]
) -> Page[T]:
    """A page from `limit + 1` fetched rows; `key` gives the cursor columns of a row."""
    shown = rows[:limit]
    has_more = len(rows) > limit
    cursor = encode_cursor(*key(shown[-1])) if has_more else None
    return Page(data=[shape(row) for row in shown], has_more=has_more, next_cursor=cursor)
