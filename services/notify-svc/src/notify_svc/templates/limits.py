"""What bounds a template: which filters and tags there are, how large values may grow, how long it may take."""

import time
from collections.abc import Callable, Mapping, Sized
from typing import Any

from liquid import BoundTemplate, Environment, RenderContext, StrictUndefined
from liquid.exceptions import ResourceLimitError

LONGEST_SECONDS = 2.0
MAX_TEXT = 256 * 1024
MAX_OUTPUT = 1024 * 1024
MAX_ITEMS = 10_000
MAX_LOOPS = 1_000
MAX_NUMBER = 2**63

# Not among them: `safe` (it would switch escaping off), decoders, and whatever loads other templates.
FILTERS = frozenset({
    "abs", "append", "at_least", "at_most", "capitalize", "ceil", "compact", "concat", "date", "default",
    "divided_by", "downcase", "escape", "escape_once", "find", "first", "floor", "has", "join", "last", "lstrip",
    "map", "minus", "modulo", "newline_to_br", "plus", "prepend", "reject", "remove", "remove_first", "remove_last",
    "replace", "replace_first", "replace_last", "reverse", "round", "rstrip", "size", "slice", "sort", "sort_natural",
    "split", "squish", "strip", "strip_html", "strip_newlines", "sum", "times", "truncate", "truncatewords", "uniq",
    "upcase", "url_encode", "where",
})  # fmt: skip
TAGS_LEFT_OUT = ("include", "render")


class TookTooMuch(ResourceLimitError):
    """A value grew too large, or the whole took too long."""

    def __init__(self) -> None:
        super().__init__("too much", token=None)


class _Context(RenderContext):
    """Looks at every variable and every filter how long the thread has computed: a machine that is busy with others
    makes no template a bad one. Loops are limited by the library.
    """

    __slots__ = ("_ends_at",)

    def __init__(self, template: BoundTemplate, **options: Any) -> None:
        super().__init__(template, **options)
        self._ends_at = time.thread_time() + LONGEST_SECONDS

    def get(self, path: list[object], **options: Any) -> object:
        self._check_time()
        return super().get(path, **options)

    def filter(self, name: str, token: Any) -> Callable[..., object]:
        self._check_time()
        function = super().filter(name, token)

        def bounded(*values: Any, **named: Any) -> object:
            check_values(name, values)
            result = function(*values, **named)
            check_size(result)
            return result

        return bounded

    def _check_time(self) -> None:
        if time.thread_time() > self._ends_at:
            raise TookTooMuch


class _Template(BoundTemplate):
    context_class = _Context


class Limited(Environment):
    template_class = _Template
    loop_iteration_limit = MAX_LOOPS
    output_stream_limit = MAX_OUTPUT
    local_namespace_limit = 64 * 1024
    context_depth_limit = 10
    block_nesting_limit = 30

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=autoescape)
        self.filters = {name: function for name, function in self.filters.items() if name in FILTERS}
        for name in TAGS_LEFT_OUT:
            self.tags.pop(name, None)


def check_values(name: str, values: tuple[Any, ...]) -> None:
    """Before a filter runs: what it is given, and for those that multiply, what they could make of it."""
    for value in values:
        check_size(value)
    if name.startswith("replace") and len(values) > 2 and len(str(values[0])) * len(str(values[2])) > MAX_TEXT:
        raise TookTooMuch
    match values:
        case (Sized() as many, between, *_) if name == "join" and len(many) * len(str(between)) > MAX_TEXT:
            raise TookTooMuch
        case _:
            pass


def check_size(value: object) -> None:
    match value:
        case str():
            too_much = len(value) > MAX_TEXT
        case int():
            too_much = abs(value) > MAX_NUMBER
        case Mapping() | list() | tuple() | range():
            too_much = len(value) > MAX_ITEMS
        case _:
            too_much = False
    if too_much:
        raise TookTooMuch
