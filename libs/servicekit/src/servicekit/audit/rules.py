"""Which operations leave an entry, and what of a request may stand in it. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
MOST_SUBJECTS = 1000
_ID = re.compile(r"[a-z]{2,8}_[0-9a-z]{6,40}")
_VERBS = {"POST": "requested", "PUT": "changed", "PATCH": "changed", "DELETE": "deleted", "GET": "read"}
# Of a filter, what cannot be somebody's name, number or address; of the rest only that it was asked.
_TELLABLE = re.compile(
    r"(?!external_).*_ids?|(.*_)?(from|to|until|before|after|since)|.*_at|state|status|location|format|delimiter|columns"
    r"|actor|about|(.*_)?kind|level|access_level|reason|grain|by|test|held|active|action|service|include_.*|show_.*|min_.*|max_.*"
)
_LONGEST_TOLD = 300


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Operations are written `POST /v1/partners`.

    `exempt`: writes that leave no entry, and why; `reads`: what is read and leaves an entry, besides every path that
    ends with `/export`.
    """

    exempt: Mapping[str, str] = field(default_factory=dict[str, str])
    reads: frozenset[str] = frozenset()

    def keeps_write(self, operation: str) -> bool:
        return operation not in self.exempt

    def keeps_read(self, operation: str) -> bool:
        return operation in self.reads or (operation.startswith("GET ") and operation.endswith("/export"))


@dataclass(frozen=True, slots=True)
class Named:
    """`created` is true for what a collection got, whose id only the answer knows."""

    action: str
    object_kind: str
    object_id: str
    created: bool


def name_of(method: str, path: str, parameters: Mapping[str, Any], status: int) -> Named:
    """The action and the object of a path template: `/v1/partners/{partner_id}/activate` is `activate` a `partner`."""
    parts = [part for part in path.split("/") if part and part != "v1"]
    places = [n for n, part in enumerate(parts) if part.startswith("{")]
    last = places[-1] if places else -1
    after = parts[last + 1 :]
    if method == "POST" and status == 201 and after:
        return Named("created", singular(after[-1]), "", created=True)
    kind = singular(parts[last - 1] if last > 0 else parts[0])
    object_id = str(parameters.get(parts[last].strip("{}").partition(":")[0], "")) if places else ""
    words = after if places else after[1:]
    return Named("-".join(words) or _VERBS[method], kind, object_id, created=False)


def singular(segment: str) -> str:
    word = segment.replace("-", "_")
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "statistics")) else word


def ids_in(document: Any) -> list[str]:
    """Ids of ours in a body's fields that are named after them; nothing else of it."""
    found = dict.fromkeys(_ids_in(document, 3))
    return list(found)[:MOST_SUBJECTS]


def _ids_in(document: Any, depth: int) -> Iterable[str]:
    if depth == 0:
        return
    for name, value in document.items() if isinstance(document, dict) else ():
        named_so = name != "external_id" and (str(name).endswith(("_id", "_ids")) or name in {"id", "ids"})
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and named_so and _ID.fullmatch(one):
                yield one
            elif isinstance(one, dict):
                yield from _ids_in(one, depth - 1)


def fields_of(document: Any) -> list[str]:
    """Names only: values of what was sent may be a person's."""
    return sorted(str(name) for name in document) if isinstance(document, dict) else []


def told_filter(parameters: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What was asked for, without what could be a person's."""
    return {
        name: value[:_LONGEST_TOLD] if _TELLABLE.fullmatch(name) and name != "cursor" else "(not kept)"
        for name, value in parameters
    }
