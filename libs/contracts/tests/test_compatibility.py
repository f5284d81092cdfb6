"""The checker finds every kind of breaking change, at the top and inside, and lets the allowed ones pass."""

import copy
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

import contracts.events.values
import msgspec
import pytest
from contracts.compatibility import Break, Kind, breaking_changes
from contracts.schemas import Schema, current_schemas

Fields = dict[str, Any]
Moment: Any = contracts.events.values.Moment  # Any, as the type checker has no `Annotated | None` at run time


class Optional:
    """A field of this type, with this default."""

    def __init__(self, annotation: Any, default: Any = None) -> None:
        self.annotation = annotation
        self.default = default


def struct(fields: Fields, name: str = "Thing") -> type[msgspec.Struct]:
    definitions = [
        (field, each.annotation, each.default) if isinstance(each, Optional) else (field, each)
        for field, each in fields.items()
    ]
    return msgspec.defstruct(name, definitions, kw_only=True, frozen=True)


def compare(old: Any, new: Any) -> list[Break]:
    return breaking_changes({"t.v1": msgspec.json.schema(old)}, {"t.v1": msgspec.json.schema(new)})


BASE: Fields = {"name": str, "note": Optional(str | None), "size": Optional(int, 3)}

BREAKING: list[tuple[Kind, Fields, Fields]] = [
    (Kind.FIELD_REMOVED, BASE, {"name": str, "size": Optional(int, 3)}),
    (Kind.FIELD_RENAMED, BASE, {"name": str, "remark": Optional(str | None), "size": Optional(int, 3)}),
    (Kind.REQUIRED_FIELD_ADDED, BASE, BASE | {"colour": str}),
    (Kind.BECAME_REQUIRED, BASE, BASE | {"size": int}),
    (Kind.BECAME_OPTIONAL, BASE, BASE | {"name": Optional(str, "")}),
    (Kind.TYPE_CHANGED, BASE, BASE | {"name": int}),
    (Kind.TYPE_CHANGED, BASE, BASE | {"name": list[str]}),
    (Kind.TYPE_CHANGED, {"a": int | str}, {"a": int}),
    (Kind.TYPE_CHANGED, {"a": int}, {"a": float}),
    (Kind.TYPE_CHANGED, {"a": Any}, {"a": str}),
    (Kind.TYPE_CHANGED, {"a": dict[str, Any]}, {"a": struct({"b": int}, "Inner")}),
    (Kind.TYPE_CHANGED, {"a": int | str | None}, {"a": int | bool | None}),
    (Kind.FORMAT_CHANGED, {"at": str}, {"at": Moment}),
    (Kind.FORMAT_CHANGED, {"at": Moment}, {"at": str}),
    (Kind.FORMAT_CHANGED, {"at": Moment | None}, {"at": date | None}),
    (Kind.VALUES_CHANGED, {"state": Literal["a", "b"]}, {"state": Literal["a"]}),
    (Kind.VALUES_CHANGED, {"state": Literal["a", "b"]}, {"state": Literal["a", "b", "c"]}),
    (Kind.NULL_REFUSED, {"a": str | None}, {"a": str}),
    (Kind.NULL_REFUSED, {"a": list[str | None]}, {"a": list[str]}),
    (Kind.NULL_ALLOWED, {"a": str}, {"a": str | None}),
    (Kind.DEFAULT_CHANGED, BASE, BASE | {"size": Optional(int, 4)}),
    (Kind.DEFAULT_CHANGED, {"a": Optional(float, 1.0)}, {"a": Optional(float, 1)}),
    (Kind.DEFAULT_CHANGED, {"a": Optional(Any, 1)}, {"a": Optional(Any, True)}),  # noqa: FBT003 -- a default to compare
    (Kind.CONSTRAINT_CHANGED, {"a": str}, {"a": Annotated[str, msgspec.Meta(max_length=5)]}),
    (Kind.CONSTRAINT_CHANGED, {"a": Annotated[int, msgspec.Meta(ge=0)]}, {"a": Annotated[int, msgspec.Meta(ge=1)]}),
]

# How a struct may stand inside another.
Wrap = Callable[[Any], Any]


def in_a_list_of_a_nullable_field(inner: Any) -> Any:
    return struct({"deep": list[inner] | None}, "Middle")


PLACES: dict[str, Wrap] = {
    "field": lambda inner: inner,
    "nullable": lambda inner: inner | None,
    "list": lambda inner: list[inner],
    "values": lambda inner: dict[str, inner],
    "list in a nullable field of a struct": in_a_list_of_a_nullable_field,
}


def _labels() -> list[str]:
    return [f"{kind.value} {number}" for number, (kind, _, _) in enumerate(BREAKING)]


@pytest.mark.parametrize(("kind", "old", "new"), BREAKING, ids=_labels())
def test_a_breaking_change_is_found(kind: Kind, old: Fields, new: Fields):
    assert [each.kind for each in compare(struct(old), struct(new))] == [kind]


@pytest.mark.parametrize(("kind", "old", "new"), BREAKING, ids=_labels())
@pytest.mark.parametrize("wrap", PLACES.values(), ids=PLACES)
def test_a_breaking_change_inside_is_found(wrap: Wrap, kind: Kind, old: Fields, new: Fields):
    found = compare(struct({"part": wrap(struct(old, "Part"))}), struct({"part": wrap(struct(new, "Part"))}))
    assert [each.kind for each in found] == [kind]
    assert all(each.path.startswith("t.v1: part") for each in found)


def test_a_removed_event_type_is_found():
    schema = msgspec.json.schema(struct(BASE))
    assert breaking_changes({"a.v1": schema, "b.v1": schema}, {"a.v1": schema}) == [Break(Kind.EVENT_REMOVED, "b.v1")]


def test_every_kind_of_break_is_tried():
    assert {kind for kind, _, _ in BREAKING} | {Kind.EVENT_REMOVED} == set(Kind)


ALLOWED: list[tuple[str, Fields, Fields]] = [
    ("nothing", BASE, BASE),
    ("optional field", BASE, BASE | {"colour": Optional(str, "red")}),
    ("optional struct", BASE, BASE | {"part": Optional(struct({"a": int}, "Extra") | None)}),
    ("optional list", BASE, BASE | {"parts": Optional(list[int], [])}),
    ("order of fields", BASE, dict(reversed(BASE.items()))),
    ("words", BASE, BASE | {"name": Annotated[str, msgspec.Meta(description="what it is called", title="Name")]}),
]


@pytest.mark.parametrize(("old", "new"), [each[1:] for each in ALLOWED], ids=[each[0] for each in ALLOWED])
@pytest.mark.parametrize("wrap", PLACES.values(), ids=PLACES)
def test_an_allowed_change_passes(wrap: Wrap, old: Fields, new: Fields):
    assert compare(struct(old), struct(new)) == []
    assert compare(struct({"part": wrap(struct(old, "Part"))}), struct({"part": wrap(struct(new, "Part"))})) == []


def test_a_new_event_type_and_another_class_name_pass():
    old = {"a.v1": msgspec.json.schema(struct(BASE, "One"))}
    assert breaking_changes(old, {"a.v1": msgspec.json.schema(struct(BASE, "Two")), "b.v1": {}}) == []


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    tries: int = 3
    labels: dict[str, int] = {}


class GrownRules(msgspec.Struct, frozen=True, kw_only=True):
    tries: int = 3
    labels: dict[str, int] = {}
    pause: int = 60


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        (GrownRules(), []),
        (GrownRules(pause=5), []),
        (GrownRules(tries=4), [Kind.DEFAULT_CHANGED]),
        (GrownRules(labels={"a": 1}), [Kind.DEFAULT_CHANGED]),
    ],
    ids=["grown", "grown with another value", "changed", "changed inside a mapping"],
)
def test_the_default_of_a_struct_may_grow_with_it_but_not_change(default: GrownRules, expected: list[Kind]):
    for old_type, new_type in ((Rules, GrownRules), (Rules | None, GrownRules | None)):
        old, new = {"rules": Optional(old_type, Rules())}, {"rules": Optional(new_type, default)}
        assert [each.kind for each in compare(struct(old), struct(new))] == expected


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    branches: "list[Tree]"
    height: int


def test_a_struct_that_holds_itself_is_compared_once():
    old = msgspec.json.schema(Tree)
    new = copy.deepcopy(old)
    new["$defs"]["Tree"]["properties"]["height"]["type"] = "string"
    assert breaking_changes({"t.v1": old}, {"t.v1": old}) == []
    assert breaking_changes({"t.v1": old}, {"t.v1": new}) == [
        Break(Kind.TYPE_CHANGED, "t.v1: height", "integer to string")
    ]


def test_a_break_says_where_and_what():
    found = breaking_changes(
        {"t.v1": msgspec.json.schema(Tree)}, {"t.v1": msgspec.json.schema(struct({"height": int}))}
    )
    assert [str(each) for each in found] == ["t.v1: branches: field removed"]


def _fields(schema: Schema) -> list[tuple[str, str]]:
    return [(name, field) for name, definition in schema["$defs"].items() for field in definition["properties"]]


@pytest.mark.parametrize("name", sorted(current_schemas()))
def test_no_field_of_a_real_event_can_go_or_change_unseen(name: str):
    schema = current_schemas()[name]
    for definition, field in _fields(schema):
        without, other = copy.deepcopy(schema), copy.deepcopy(schema)
        del without["$defs"][definition]["properties"][field]
        other["$defs"][definition]["properties"][field] = {"type": "array", "items": {"type": "null"}}
        for changed in (without, other):
            assert any(field in each.path for each in breaking_changes({name: schema}, {name: changed})), field
