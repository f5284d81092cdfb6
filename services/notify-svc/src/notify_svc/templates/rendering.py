"""Liquid with limits: strict about undefined variables, plain values only."""

from dataclasses import dataclass
from typing import Any

from liquid import BoundTemplate, Environment, StrictUndefined
from liquid.exceptions import LiquidError


class TemplateUnrenderable(Exception):
    """The template is wrong, or asks for what the mail does not have, or for too much."""


class _Limited(Environment):
    loop_iteration_limit = 1_000
    output_stream_limit = 256 * 1024
    local_namespace_limit = 64 * 1024
    context_depth_limit = 10


_PLAIN = _Limited(undefined=StrictUndefined)
_HTML = _Limited(undefined=StrictUndefined, autoescape=True)


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


class Template:
    """A parsed version of a template."""

    def __init__(self, subject: str, text: str, html: str) -> None:
        """Raises TemplateUnrenderable."""
        self._subject = _parse(_PLAIN, subject)
        self._text = _parse(_PLAIN, text)
        self._html = _parse(_HTML, html)

    def render(self, variables: dict[str, Any]) -> Rendered:
        """Values are put in as they are and never read as templates. Raises TemplateUnrenderable."""
        try:
            return Rendered(self._subject.render(variables), self._text.render(variables), self._html.render(variables))
        except LiquidError as error:
            raise TemplateUnrenderable(type(error).__name__) from None


def _parse(environment: Environment, source: str) -> BoundTemplate:
    try:
        return environment.from_string(source)
    except LiquidError as error:
        raise TemplateUnrenderable(type(error).__name__) from None
