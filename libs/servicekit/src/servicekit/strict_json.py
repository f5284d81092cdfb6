"""JSON as we accept it: no duplicate keys, no NaN or Infinity, no NUL, no broken Unicode, no bottomless nesting."""

import json
import re
from math import isinf
from typing import Any, NoReturn

from servicekit.problems import DomainError, Kind

MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1  # more than that, others cannot read
MAX_DIGITS = 21
_UNFIT = re.compile("[\0\ud800-\udfff]")


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


def _integer(text: str) -> int:
    number = int(text) if len(text) < MAX_DIGITS else MAX_INTEGER + 1
    if not -MAX_INTEGER <= number <= MAX_INTEGER:
        raise _ConstantError
    return number


def _float(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise _ConstantError
    return number


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float)


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
        raise _refused("json-not-finite", "NaN, Infinity and numbers too large for 64 bits are refused.") from None
    except (ValueError, RecursionError):
        raise _refused("json-invalid", "The body is not valid JSON.") from None
    # UTF-8 has no half surrogates and JSON no bare NUL: both can only come from an escape, and most bodies hold none.
    escaped = "\\u" in text
    if escaped or text.count("[") + text.count("{") > MAX_DEPTH:
        _check(value, MAX_DEPTH, strings=escaped)
    return value


def _check(value: Any, depth: int, *, strings: bool) -> None:
    """Walks containers, and with `strings` looks at every string, keys too."""
    if depth == 0:
        raise _refused("json-too-deep", f"The body is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, str):
        _check_string(value)
    elif isinstance(value, dict | list):
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        for item in inner:
            if isinstance(item, dict | list) or (strings and isinstance(item, str)):
                _check(item, depth - 1, strings=strings)


def _check_string(value: str) -> None:
    unfit = _UNFIT.search(value)
    if unfit is None:
        return
    if unfit.group() == "\0":
        raise _refused("json-nul", "A string in the body holds a NUL character.")
    raise _refused("json-surrogate", "A string in the body holds half a surrogate pair.")
