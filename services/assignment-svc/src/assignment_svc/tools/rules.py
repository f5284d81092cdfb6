"""What an opportunity is filled with: an edit, else the tool's default, else what is known of the contact. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

# Always linked by the server, so no tool may have a say in them.
LINKED: Final = frozenset({"account", "account_id", "contact", "contact_id", "lead", "lead_id"})


def refused_edits(fields: Sequence[Mapping[str, Any]], edits: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The name of each field that may not be sent, a code, and words."""
    known = {field["name"]: field for field in fields if field["active"]}
    wrong = [(name, "field-unknown", "The tool has no such field in use.") for name in edits if name not in known]
    wrong += [
        (name, "field-not-editable", "This field cannot be edited.")
        for name in edits
        if name in known and not known[name]["editable"]
    ]
    return wrong


def filled(fields: Sequence[Mapping[str, Any]], edits: Mapping[str, Any], contact: Mapping[str, Any]) -> dict[str, Any]:
    """`contact`: what is known, by the names of fields. A field that nobody fills is left out."""
    values: dict[str, Any] = {}
    for field in fields:
        name = field["name"]
        if not field["active"]:
            continue
        for source in (edits.get(name), field["default"], contact.get(name)):
            if source is not None:
                values[name] = source
                break
    return values
