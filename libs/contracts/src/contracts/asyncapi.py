"""The AsyncAPI 3.0 document of the events (G6.4), made from the registry: it cannot say what the code does not."""

from collections.abc import Mapping, Sequence
from inspect import getdoc
from typing import Any

import msgspec

from contracts.envelope import CONTENT_TYPE, Envelope, schema_uri
from contracts.event import EVENT_TYPES
from contracts.samples import example_envelope

EXCHANGE = "leadwire.events"

Subscriptions = Mapping[str, Mapping[str, Sequence[str]]]

_BINDING_VERSION = "0.3.0"
_INFO = {
    "title": "Leadwire events",
    "version": "1",
    "description": (
        "What the services of Leadwire tell each other: CloudEvents 1.0 in structured JSON on one durable topic "
        "exchange, the event type being the routing key. Delivery is at least once, repeats carry the same `id`, and "
        "`sequence` counts the versions of a `subject`. Within a major version fields are only added, as optional "
        "ones; ignore what you do not know."
    ),
    "license": {"name": "Apache-2.0"},
}


def asyncapi_document(subscriptions: Subscriptions | None = None) -> dict[str, Any]:
    """Channels, messages and schemas of every event type, with the owner's send operations.

    `subscriptions` maps a service to its queues, and a queue to the event types bound to it; each becomes a receive
    operation. Raises KeyError for a type without a class.
    """
    references, schemas = _schemas()
    return {
        "asyncapi": "3.0.0",
        "id": "urn:leadwire:events",
        "info": _INFO,
        "defaultContentType": CONTENT_TYPE,
        "channels": {name: _channel(name) for name in sorted(EVENT_TYPES)},
        "operations": {
            **{f"{EVENT_TYPES[name].context}.send.{name}": _send(name) for name in sorted(EVENT_TYPES)},
            **{
                f"{service}.receive.{queue}.{name}": _receive(service, queue, name)
                for service, queues in (subscriptions or {}).items()
                for queue, names in queues.items()
                for name in names
            },
        },
        "components": {
            "messages": {name: _message(name, references[name]) for name in sorted(EVENT_TYPES)},
            "schemas": schemas,
        },
    }


def _schemas() -> tuple[dict[str, Any], dict[str, Any]]:
    """A reference per event type, and the schemas by name: two contexts may have a class of the same name."""
    classes = [Envelope, *(EVENT_TYPES[name] for name in sorted(EVENT_TYPES))]
    references, schemas = msgspec.json.schema_components(classes, ref_template="#/components/schemas/{name}")
    return dict(zip(sorted(EVENT_TYPES), references[1:], strict=True)), schemas


def _channel(name: str) -> dict[str, Any]:
    return {
        "address": name,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": EXCHANGE, "type": "topic", "durable": True, "autoDelete": False},
                "bindingVersion": _BINDING_VERSION,
            }
        },
    }


def _message(name: str, data: dict[str, Any]) -> dict[str, Any]:
    event_class = EVENT_TYPES[name]
    fixed = {"type": {"const": name}, "dataschema": {"const": schema_uri(name)}}
    return {
        "name": name,
        "title": event_class.__name__,
        "description": getdoc(event_class) or "",
        "contentType": CONTENT_TYPE,
        "tags": [{"name": event_class.context}],
        "correlationId": {"location": "$message.payload#/correlationid"},
        "payload": {
            "allOf": [
                {"$ref": f"#/components/schemas/{Envelope.__name__}"},
                {"type": "object", "properties": {**fixed, "data": data}},
            ]
        },
        "bindings": {"amqp": {"messageType": name, "bindingVersion": _BINDING_VERSION}},
        "examples": [{"payload": _example(name)}],
    }


def _example(name: str) -> Any:
    return msgspec.json.decode(msgspec.json.encode(example_envelope(name, full=True)))


def _send(name: str) -> dict[str, Any]:
    context = EVENT_TYPES[name].context
    return {
        "action": "send",
        "title": f"{context} publishes {name}",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
        "tags": [{"name": context}],
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": True, "bindingVersion": _BINDING_VERSION}},
    }


def _receive(service: str, queue: str, name: str) -> dict[str, Any]:
    if name not in EVENT_TYPES:
        raise KeyError(name)
    return {
        "action": "receive",
        "title": f"{service} hears {name} in the queue {queue}",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
        "tags": [{"name": service}],
        "bindings": {"amqp": {"ack": True, "bindingVersion": _BINDING_VERSION}},
    }
