"""What a lead looks like with an agent's corrections (A3.5): pure. Fields are named as assignment-svc names them:
`phone`, `custom.size`, `account.name`, `account.industry`.
"""

from collections.abc import Collection, Mapping
from typing import Any

_PERSON = frozenset({"first_name", "last_name", "phone", "email"})
_CONTENT = frozenset({"address", "comments", "contact_time"})


def corrected(lead: Mapping[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """`lead` has the person's fields and `content`; the answer has the same, with the edits."""
    content: dict[str, Any] = dict(lead["content"])
    custom = dict(content.get("custom") or {})
    account = dict(content.get("account") or {})
    fields = dict(account.get("fields") or {})
    person = {name: lead[name] for name in _PERSON}
    for name, value in edits.items():
        if name in _PERSON:
            person[name] = value.casefold() if name == "email" and value else value
        elif name in _CONTENT:
            content[name] = value
        elif name.startswith("custom."):
            custom[name.removeprefix("custom.")] = value
        elif name == "account.name":
            account["name"] = value
        elif name.startswith("account."):
            fields[name.removeprefix("account.")] = value
    if custom or "custom" in content:
        content["custom"] = custom
    if content.get("account"):
        content["account"] = {**account, "fields": fields}
    return {**person, "content": content}


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
