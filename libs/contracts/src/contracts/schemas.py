"""What travels, as JSON Schema: one schema per event type, and one for the envelope around them."""

from typing import Any

import msgspec

import contracts.events  # noqa: F401  # pyright: ignore[reportUnusedImport] -- fills the registry
from contracts.envelope import Envelope
from contracts.event import EVENT_TYPES

Schema = dict[str, Any]

ENVELOPE = "envelope"


def current_schemas() -> dict[str, Schema]:
    """The schemas of today's classes by event type, and the one of the envelope under ENVELOPE."""
    return {
        ENVELOPE: msgspec.json.schema(Envelope),
        **{name: msgspec.json.schema(event_class) for name, event_class in sorted(EVENT_TYPES.items())},
    }


def resolve(schema: Schema, root: Schema) -> Schema:
    """Follows a `$ref` into the root's `$defs`."""
    reference = schema.get("$ref")
    return schema if reference is None else root["$defs"][reference.removeprefix("#/$defs/")]
