"""G6.4: one AsyncAPI document for the events, valid by the official schema, true to the messages."""

from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from contracts.asyncapi import EXCHANGE, asyncapi_document
from contracts.event import EVENT_TYPES
from contracts.golden import ASYNCAPI, golden_examples

OFFICIAL = msgspec.json.decode((Path(__file__).parent / "data" / "asyncapi-3.0.0.schema.json").read_bytes())
SUBSCRIPTIONS = {"assignment-svc": {"leads": ["intake.lead.accepted.v1", "intake.lead.updated.v1"]}, "notify-svc": {}}

official = jsonschema.Draft7Validator(OFFICIAL)


def resolve(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for inner in value for found in references(inner)]
    if isinstance(value, dict):
        return (
            [value["$ref"]] if "$ref" in value else [found for inner in value.values() for found in references(inner)]
        )
    return []


@pytest.mark.parametrize("subscriptions", [None, SUBSCRIPTIONS], ids=["without", "with subscriptions"])
def test_the_document_is_valid(subscriptions: Any):
    document = asyncapi_document(subscriptions)
    assert [f"{list(error.path)}: {error.message}" for error in official.iter_errors(document)] == []
    for reference in references(document):
        assert resolve(document, reference) is not None


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        ("info", {}),
        ("operations/intake.send.intake.lead.accepted.v1", {"action": "shout"}),
        ("channels/intake.lead.accepted.v1/bindings/amqp", {"is": "pigeon"}),
        ("components/messages/intake.lead.accepted.v1", {"payloads": {}}),
    ],
)
def test_the_official_schema_would_notice(place: str, wrong: dict[str, Any]):
    document = msgspec.json.decode(msgspec.json.encode(asyncapi_document()))
    found = resolve(document, place)
    if not wrong:
        found.clear()
    found.update(wrong)
    assert not official.is_valid(document)


def test_every_event_type_has_a_channel_a_message_and_a_sender():
    document = asyncapi_document()
    assert set(document["channels"]) == set(document["components"]["messages"]) == set(EVENT_TYPES)
    assert set(document["operations"]) == {f"{name.split('.', 1)[0]}.send.{name}" for name in EVENT_TYPES}
    for name, channel in document["channels"].items():
        assert channel["address"] == name
        assert channel["bindings"]["amqp"]["exchange"]["name"] == EXCHANGE == "leadwire.events"


def test_every_subscriber_receives_what_it_subscribed_to():
    operations = asyncapi_document(SUBSCRIPTIONS)["operations"]
    received = {name: each["channel"]["$ref"] for name, each in operations.items() if each["action"] == "receive"}
    assert received == {
        "assignment-svc.receive.leads.intake.lead.accepted.v1": "#/channels/intake.lead.accepted.v1",
        "assignment-svc.receive.leads.intake.lead.updated.v1": "#/channels/intake.lead.updated.v1",
    }
    with pytest.raises(KeyError, match=r"intake\.lead\.lost\.v1"):
        asyncapi_document({"assignment-svc": {"leads": ["intake.lead.lost.v1"]}})


def test_the_golden_messages_fit_the_payloads_and_no_others():
    document = asyncapi_document()
    for path in golden_examples():
        message = msgspec.json.decode(path.read_bytes())
        payload = document["components"]["messages"][message["type"]]["payload"]
        validator = jsonschema.Draft7Validator({"components": document["components"], **payload})
        validator.validate(message)
        assert not validator.is_valid(message | {"type": "another.type.v1"})
        assert not validator.is_valid(message | {"data": {}})


def test_the_committed_copy_is_fresh():
    assert msgspec.json.decode(ASYNCAPI.read_bytes()) == asyncapi_document(), "run `make golden`"
