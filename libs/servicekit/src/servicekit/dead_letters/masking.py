"""What of a message may be seen by who decides about it: names of fields and ids, nobody's data. Pure."""

import re
from typing import Any

import msgspec

TEXT, NUMBER, FIELD = "(text)", "(number)", "(field)"
_ID = re.compile(r"[a-z]{2,8}_[0-9a-z]{6,40}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_TYPE = re.compile(r"[a-z_]{1,40}(\.[a-z_]{1,40}){1,4}\.v\d{1,3}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,60}")
_LARGEST_COUNT = 9999
# Attributes of the envelope, which are ours.
_TOLD = ("specversion", "datacontenttype", "dataschema", "source")
_MOST = 100


def masked(body: bytes) -> Any:
    """The message with its values taken out; None for what is no JSON."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return _masked(document)
    shown = _masked(document)
    shown |= {name: document[name] for name in _TOLD if _is_ours(document.get(name))}
    if isinstance(document.get("sequence"), int):
        shown["sequence"] = document["sequence"]
    return shown


def masked_type(text: str) -> str:
    return text if not text or _TYPE.fullmatch(text) else TEXT


def masked_id(text: str) -> str:
    return text if not text or _ID.fullmatch(text) else TEXT


def _masked(value: Any) -> Any:
    match value:
        case dict():
            some = list(value.items())[:_MOST]
            return {name if _NAME.fullmatch(name) else FIELD: _masked(inner) for name, inner in some}
        case list():
            return [_masked(inner) for inner in value[:_MOST]]
        case bool() | None:
            return value
        case int() | float():
            return value if isinstance(value, int) and abs(value) <= _LARGEST_COUNT else NUMBER
        case _:
            return value if any(p.fullmatch(str(value)) for p in (_ID, _MOMENT, _TYPE)) else TEXT


def _is_ours(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-z0-9/:._-]{1,120}", value) is not None and "@" not in value
