"""House rules of the event catalogue, checked on every registered class."""

import re
from collections.abc import Iterator

import msgspec
import pytest
from contracts.event import EVENT_TYPES
from contracts.samples import example_envelope
from contracts.schemas import current_schemas

CONTEXTS = {"intake", "sponsor", "assignment", "validation", "notify", "identity"}
NAMES = sorted(EVENT_TYPES)


@pytest.mark.parametrize("name", NAMES)
def test_a_type_is_named_context_entity_past_participle_and_major(name: str):
    match = re.fullmatch(r"([a-z]+)\.([a-z_]+)\.([a-z]+)\.v([1-9]\d*)", name)
    assert match is not None
    assert match[1] in CONTEXTS
    words = [*match[2].split("_"), match[3]]
    assert EVENT_TYPES[name].__name__ == "".join(word.capitalize() for word in words) + f"V{match[4]}"
    assert (EVENT_TYPES[name].type, EVENT_TYPES[name].context) == (name, match[1])
    assert EVENT_TYPES[name].__module__ == f"contracts.events.{match[1]}"


@pytest.mark.parametrize("name", NAMES)
def test_an_event_is_frozen_takes_keywords_and_refuses_fields_it_does_not_declare(name: str):
    event_class = EVENT_TYPES[name]
    event = msgspec.json.decode(bytes(example_envelope(name, full=True).data), type=event_class)
    field = event_class.__struct_fields__[0]
    with pytest.raises(AttributeError, match="immutable"):
        setattr(event, field, getattr(event, field))
    fields = {each: getattr(event, each) for each in event_class.__struct_fields__}
    assert event_class(**fields) == event
    with pytest.raises(TypeError, match="Unexpected keyword argument"):
        event_class(**fields | {"nobody_declared_this": 1})
    with pytest.raises(TypeError, match="positional"):
        event_class("positional")  # pyright: ignore[reportCallIssue] -- what the test is about


@pytest.mark.parametrize("name", NAMES)
def test_an_event_has_the_subject_that_its_versions_count_for(name: str):
    for full in (True, False):
        assert example_envelope(name, full=full).subject != ""


@pytest.mark.parametrize("name", NAMES)
def test_vocabularies_are_open_so_that_a_consumer_survives_a_later_value(name: str):
    assert '"enum"' not in msgspec.json.encode(current_schemas()[name]).decode()


def _moments(kind: msgspec.inspect.Type, path: str, seen: set[type]) -> Iterator[tuple[str, bool | None]]:
    match kind:
        case msgspec.inspect.DateTimeType():
            yield path, kind.tz
        case msgspec.inspect.StructType() if kind.cls not in seen:
            seen.add(kind.cls)
            for field in kind.fields:
                yield from _moments(field.type, f"{path}.{field.name}", seen)
        case msgspec.inspect.UnionType():
            for inner in kind.types:
                yield from _moments(inner, path, seen)
        case msgspec.inspect.ListType():
            yield from _moments(kind.item_type, path, seen)
        case msgspec.inspect.DictType():
            yield from _moments(kind.value_type, path, seen)
        case _:
            return


@pytest.mark.parametrize("name", NAMES)
def test_every_moment_has_an_offset(name: str):
    """Use `contracts.events.values.Moment`; a plain `datetime` also has no format in the schema to compare."""
    assert [path for path, tz in _moments(msgspec.inspect.type_info(EVENT_TYPES[name]), name, set()) if not tz] == []
