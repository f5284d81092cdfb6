"""JSON as we accept it: no duplicate keys, no NaN or Infinity, no NUL, no broken Unicode, no bottomless nesting."""

import json
from typing import Any, NoReturn

from servicekit.problems import DomainError, Kind

MAX_DEPTH = 32


class _DuplicateKeyError(ValueError):
    pass


class _ConstantError(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _DuplicateKeyError
    return result


def _constant(_: str) -> NoReturn:
    raise _ConstantError


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def _refused(code: str, detail: str) -> DomainError:
    return DomainError(Kind.BAD_REQUEST, code, detail)


def parse(body: bytes) -> Any:
    """Raises DomainError 400; the error never repeats what was sent."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused("body-not-utf-8", "The body is not valid UTF-8.") from None
    try:
        value = _decoder.decode(text)
    except _DuplicateKeyError:
        raise _refused("json-duplicate-key", "An object in the body has the same key twice.") from None
    except _ConstantError:
        raise _refused("json-not-finite", "NaN and Infinity are not JSON numbers.") from None
    except (ValueError, RecursionError):
        raise _refused("json-invalid", "The body is not valid JSON.") from None
    # Most bodies hold no escapes and no NUL: one scan of the text spares the walk over the values.
    if "\\u" in text or text.count("[") + text.count("{") > MAX_DEPTH:
        _check(value, MAX_DEPTH)
    return value


def _check(value: Any, depth: int) -> None:
    if depth == 0:
        raise _refused("json-too-deep", f"The body is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, str):
        if "\0" in value:
            raise _refused("json-nul", "A string in the body holds a NUL character.")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise _refused("json-surrogate", "A string in the body holds half a surrogate pair.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth - 1)
            _check(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)
