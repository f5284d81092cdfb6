"""Old and new services understand each other: today's classes against the messages and schemas of before."""

from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from contracts.envelope import UndecodableMessage, decode_envelope, decode_event
from contracts.event import EVENT_TYPES, Event, event
from contracts.golden import (
    GOLDEN,
    golden_examples,
    golden_schemas,
    incompatible_changes,
    main,
    stale_files,
    write,
)
from contracts.schemas import ENVELOPE

SCHEMAS = golden_schemas()
EXAMPLES = [pytest.param(path, id=str(path.relative_to(GOLDEN / "examples"))) for path in golden_examples()]

formats = jsonschema.FormatChecker(("uuid", "date"))


@formats.checks("date-time", raises=ValueError)
def is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def validate(instance: Any, name: str) -> None:
    jsonschema.Draft202012Validator(SCHEMAS[name], format_checker=formats).validate(instance)


def with_extra_fields(value: Any, read: Any) -> Any:
    """`value` whose structs, as `read` shows them, also have a field of a later minor version."""
    if isinstance(read, msgspec.Struct):
        fields = {each.encode_name: getattr(read, each.name) for each in msgspec.structs.fields(read)}
        return {"added_later": {"a": [1]}, **{name: with_extra_fields(value[name], fields[name]) for name in value}}
    if isinstance(read, list):
        return [with_extra_fields(*pair) for pair in zip(value, read, strict=True)]
    return value


def test_no_change_is_incompatible():
    assert [str(each) for each in incompatible_changes()] == []


def test_the_files_are_fresh():
    assert [str(path) for path in stale_files()] == [], "run `make golden`"


def test_every_event_type_has_its_files():
    names = set(EVENT_TYPES)
    assert names | {ENVELOPE} == set(SCHEMAS)
    for folder in (GOLDEN / "examples", GOLDEN / "examples" / "minimal"):
        assert names == {path.stem for path in folder.glob("*.v?.json")}


@pytest.mark.parametrize("path", EXAMPLES)
def test_a_message_of_before_is_read_and_what_is_sent_now_fits_the_schema_of_before(path: Path):
    body = path.read_bytes()
    sent = msgspec.json.decode(body)
    envelope = decode_envelope(body)
    received = decode_event(envelope)
    assert (type(received), received.subject) == (EVENT_TYPES[sent["type"]], envelope.subject)
    validate(sent["data"], envelope.type)
    validate(msgspec.json.decode(msgspec.json.encode(received)), envelope.type)
    validate(sent, ENVELOPE)
    validate(msgspec.json.decode(msgspec.json.encode(envelope)), ENVELOPE)


@pytest.mark.parametrize("path", EXAMPLES)
def test_nothing_that_was_said_is_lost(path: Path):
    sent = msgspec.json.decode(path.read_bytes())["data"]
    again = msgspec.json.decode(msgspec.json.encode(decode_event(decode_envelope(path.read_bytes()))))
    assert {name: again[name] for name in sent if not isinstance(sent[name], dict)} == {
        name: value for name, value in sent.items() if not isinstance(value, dict)
    }


@pytest.mark.parametrize("path", EXAMPLES)
def test_fields_of_a_later_minor_version_are_ignored(path: Path):
    body = msgspec.json.decode(path.read_bytes())
    envelope = decode_envelope(path.read_bytes())
    data = with_extra_fields(body["data"], decode_event(envelope))
    assert data != body["data"]
    later = decode_envelope(msgspec.json.encode(body | {"data": data, "addedlater": "x"}))
    assert later.trace == envelope.trace
    assert decode_event(later) == decode_event(envelope)


@pytest.mark.parametrize("path", EXAMPLES)
def test_a_message_without_one_of_the_minimal_fields_is_refused(path: Path):
    minimal = msgspec.json.decode((GOLDEN / "examples" / "minimal" / f"{_type_of(path)}.json").read_bytes())
    for name in minimal["data"]:
        body = msgspec.json.decode(path.read_bytes())
        del body["data"][name]
        with pytest.raises(UndecodableMessage):
            decode_event(decode_envelope(msgspec.json.encode(body)))


def _type_of(path: Path) -> str:
    return msgspec.json.decode(path.read_bytes())["type"]


class _Bell(Event, frozen=True, kw_only=True):
    bell_id: str

    @property
    def subject(self) -> str:
        return self.bell_id


@pytest.fixture
def bells(registry: dict[str, type[Event]], tmp_path: Path) -> Path:
    """Golden files of a registry with one event type, `test.bell.rung.v1`."""
    registry.clear()
    event("test.bell.rung.v1")(_Bell)
    assert len(write(tmp_path, tmp_path / "asyncapi.json")) == 5  # both schemas, both examples, the document
    return tmp_path


def _relative(files: dict[Path, bytes], folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in files}


def test_writing_twice_writes_nothing_more(bells: Path):
    assert write(bells, bells / "asyncapi.json") == {}


def test_an_added_optional_field_gets_a_second_example_and_leaves_the_first(
    bells: Path, registry: dict[str, type[Event]]
):
    class Louder(_Bell, frozen=True, kw_only=True):
        loudness: int = 1

    first = (bells / "examples/test.bell.rung.v1.json").read_bytes()
    registry.clear()
    event("test.bell.rung.v1")(Louder)
    written = _relative(write(bells, bells / "asyncapi.json"), bells)
    assert written == {"asyncapi.json", "schemas/test.bell.rung.v1.json", "examples/test.bell.rung.v1.2.json"}
    assert (bells / "examples/test.bell.rung.v1.json").read_bytes() == first
    assert msgspec.json.decode((bells / "examples/test.bell.rung.v1.2.json").read_bytes())["data"]["loudness"] == 1
    assert stale_files(bells, bells / "asyncapi.json") == {}


def test_an_incompatible_change_is_named_and_nothing_is_written(bells: Path, registry: dict[str, type[Event]]):
    class Tuned(_Bell, frozen=True, kw_only=True):
        pitch: str

    before = {path: path.read_bytes() for path in bells.rglob("*.json")}
    registry.clear()
    event("test.bell.rung.v1")(Tuned)
    assert [str(each) for each in incompatible_changes(bells)] == ["test.bell.rung.v1: pitch: required field added"]
    assert write(bells, bells / "asyncapi.json") == {}
    assert {path: path.read_bytes() for path in bells.rglob("*.json")} == before


def test_an_edited_or_lost_file_is_stale(bells: Path):
    (bells / "schemas/test.bell.rung.v1.json").write_bytes(b"{}")
    (bells / "examples/minimal/test.bell.rung.v1.json").unlink()
    (bells / "asyncapi.json").unlink()
    assert _relative(stale_files(bells, bells / "asyncapi.json"), bells) == {
        "schemas/test.bell.rung.v1.json",
        "examples/minimal/test.bell.rung.v1.json",
        "asyncapi.json",
    }


def test_the_command_says_what_breaks(registry: dict[str, type[Event]], capsys: pytest.CaptureFixture[str]):
    assert main(["check"]) == 0
    del registry["intake.lead.accepted.v1"]
    assert main(["check"]) == main(["write"]) == 1
    assert "  intake.lead.accepted.v1: event type removed\n" in capsys.readouterr().err
    assert main([]) == 2
