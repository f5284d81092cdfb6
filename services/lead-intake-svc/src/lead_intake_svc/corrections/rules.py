"""What a later push may still say of a lead that an agent corrected (A3.5): pure. Fields are named as
`contracts.corrections` says.
"""

from collections.abc import Collection, Mapping
from typing import Any


def kept(sent: Mapping[str, Any], stored: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """What is sent again, without the fields that an agent corrected: those stay as they are in `stored` content."""
    changes = {name: value for name, value in sent.items() if name not in names}
    for part in ("custom", "account"):
        value = changes.get(part)
        if isinstance(value, dict):
            changes[part] = _kept_part(value, stored.get(part) or {}, part, names)
    return changes


def _kept_part(sent: dict[str, Any], stored: Mapping[str, Any], part: str, names: Collection[str]) -> dict[str, Any]:
    own = {name.removeprefix(f"{part}.") for name in names if name.startswith(f"{part}.")}
    if part == "custom":
        return sent | {name: stored[name] for name in own if name in stored}
    fields: dict[str, Any] = dict(sent.get("fields") or {})
    known: Mapping[str, Any] = stored.get("fields") or {}
    fields |= {name: known[name] for name in own - {"name"} if name in known}
    named = {"name": stored.get("name")} if "name" in own else {}
    return {**sent, **named, "fields": fields}
