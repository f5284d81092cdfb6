"""Whether a schema may replace another within a major: both ways, since old and new services run side by side.

Allowed are new event types, new optional fields, and other words (titles, descriptions). All else breaks someone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from contracts.schemas import Schema, resolve


class Kind(Enum):
    EVENT_REMOVED = "event type removed"
    FIELD_REMOVED = "field removed"
    FIELD_RENAMED = "field renamed"
    REQUIRED_FIELD_ADDED = "required field added"
    BECAME_REQUIRED = "optional field became required"
    BECAME_OPTIONAL = "required field became optional"
    TYPE_CHANGED = "type changed"
    FORMAT_CHANGED = "format changed"
    VALUES_CHANGED = "list of values changed"
    NULL_REFUSED = "null no longer allowed"
    NULL_ALLOWED = "null newly allowed"
    DEFAULT_CHANGED = "default changed"
    CONSTRAINT_CHANGED = "constraint changed"


@dataclass(frozen=True)
class Break:
    """An incompatible change; `path` is for example `intake.lead.accepted.v1: person.email`."""

    kind: Kind
    path: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.kind.value}{self.detail and f' ({self.detail})'}"


def breaking_changes(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[Break]:
    """What is incompatible between two sets of schemas by event type, as `current_schemas` makes them."""
    breaks: list[Break] = []
    for name, schema in old.items():
        if name in new:
            breaks += _Comparison(schema, new[name]).nodes(schema, new[name], f"{name}:")
        else:
            breaks.append(Break(Kind.EVENT_REMOVED, name))
    return breaks


_WORDS = {"title", "description", "examples", "$defs"}
_STRUCTURE = {"$ref", "type", "anyOf", "properties", "required", "items", "additionalProperties"}
_OWN_KIND = {"format": Kind.FORMAT_CHANGED, "enum": Kind.VALUES_CHANGED, "const": Kind.VALUES_CHANGED}
_NULL = {"type": "null"}
_MISSING = object()


class _Comparison:
    def __init__(self, old_root: Schema, new_root: Schema) -> None:
        self._old_root = old_root
        self._new_root = new_root
        self._open: set[tuple[str, str]] = set()

    def nodes(self, old: Schema, new: Schema, path: str) -> Iterator[Break]:
        """Compares what stands at one place, following references (once, if a struct holds itself)."""
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if pair in self._open:
            return
        if all(pair):
            self._open.add(pair)
        yield from self._resolved(resolve(old, self._old_root), resolve(new, self._new_root), path)
        self._open.discard(pair)

    def _resolved(self, old: Schema, new: Schema, path: str) -> Iterator[Break]:
        old_options, new_options = _options(old), _options(new)
        if (_NULL in old_options) != (_NULL in new_options):
            yield Break(Kind.NULL_REFUSED if _NULL in old_options else Kind.NULL_ALLOWED, path)
        old_options = [option for option in old_options if option != _NULL]
        new_options = [option for option in new_options if option != _NULL]
        if len(old_options) != len(new_options):
            yield Break(Kind.TYPE_CHANGED, path, f"{len(old_options)} to {len(new_options)} alternatives")
        elif "anyOf" in old or "anyOf" in new:
            for old_option, new_option in zip(old_options, new_options, strict=True):
                yield from self.nodes(old_option, new_option, path)
        else:
            yield from self._plain(old, new, path)

    def _plain(self, old: Schema, new: Schema, path: str) -> Iterator[Break]:
        if old.get("type") != new.get("type") or ("properties" in old) != ("properties" in new):
            yield Break(Kind.TYPE_CHANGED, path, f"{old.get('type', 'any')} to {new.get('type', 'any')}")
            return
        for keyword in sorted((old.keys() | new.keys()) - _WORDS - _STRUCTURE - {"default"}):
            if old.get(keyword, _MISSING) != new.get(keyword, _MISSING):
                yield Break(_OWN_KIND.get(keyword, Kind.CONSTRAINT_CHANGED), path, keyword)
        if "properties" in old:
            yield from self._structs(old, new, path)
        for keyword, suffix in (("items", "[]"), ("additionalProperties", ".*")):
            if keyword in old or keyword in new:
                yield from self._inner(old.get(keyword, {}), new.get(keyword, {}), path + suffix)

    def _inner(self, old: Any, new: Any, path: str) -> Iterator[Break]:
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self.nodes(old, new, path)
        elif old != new:
            yield Break(Kind.CONSTRAINT_CHANGED, path, "what else may be inside")

    def _structs(self, old: Schema, new: Schema, path: str) -> Iterator[Break]:
        old_fields, new_fields = old["properties"], new["properties"]
        old_required, new_required = set(old.get("required", ())), set(new.get("required", ()))
        added = [name for name in new_fields if name not in old_fields]
        for name in [name for name in old_fields if name not in new_fields]:
            twins = [other for other in added if new_fields[other] == old_fields[name]]
            kind = Kind.FIELD_RENAMED if len(twins) == 1 else Kind.FIELD_REMOVED
            yield Break(kind, _join(path, name), f"to {twins[0]}" if len(twins) == 1 else "")
            added = [other for other in added if len(twins) != 1 or other != twins[0]]
        yield from (Break(Kind.REQUIRED_FIELD_ADDED, _join(path, name)) for name in added if name in new_required)
        for name in [name for name in old_fields if name in new_fields]:
            where = _join(path, name)
            if (name in old_required) != (name in new_required):
                yield Break(Kind.BECAME_OPTIONAL if name in old_required else Kind.BECAME_REQUIRED, where)
            elif not self._default_kept(
                old_fields[name], old_fields[name].get("default", _MISSING), new_fields[name].get("default", _MISSING)
            ):
                yield Break(Kind.DEFAULT_CHANGED, where)
            yield from self.nodes(old_fields[name], new_fields[name], where)

    def _default_kept(self, node: Schema, old: Any, new: Any) -> bool:
        """A struct's default names all its fields, so it grows when the struct gets an optional field."""
        struct = next((found for found in self._resolved_options(node) if "properties" in found), None)
        if struct is None or not isinstance(old, dict) or not isinstance(new, dict):
            return repr(old) == repr(new)  # not ==, to which 1, 1.0 and True are the same
        return all(
            name in new and self._default_kept(field, old.get(name), new[name])
            for name, field in struct["properties"].items()
        )

    def _resolved_options(self, node: Schema) -> list[Schema]:
        return [resolve(option, self._old_root) for option in _options(node)]


def _options(schema: Schema) -> list[Schema]:
    return schema.get("anyOf", [schema])


def _join(path: str, name: str) -> str:
    return f"{path} {name}" if path.endswith(":") else f"{path}.{name}"
