"""Liquid with limits: strict about undefined variables, plain values only; HTML with its styles inlined."""

from dataclasses import dataclass
from typing import Any, Literal

from css_inline import CSSInliner, InlineError
from liquid import BoundTemplate
from liquid.exceptions import LiquidError

from notify_svc.templates.limits import Limited
from notify_svc.templates.plain_text import plain_text

Part = Literal["subject", "text", "html"]

_PLAIN = Limited(autoescape=False)
_HTML = Limited(autoescape=True)
# Nothing is loaded from elsewhere: neither from the network nor from our disk.
_INLINER = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


class TemplateUnrenderable(Exception):
    """The template is wrong, or asks for what the mail does not have, or for too much.

    `part` is which of it; `problem` names the fault and its line, and holds no text of the template and no value.
    """

    def __init__(self, part: Part, problem: str) -> None:
        super().__init__(problem)
        self.part = part
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Rendered:
    """`html` is empty for a mail of text only; `text` never is missing."""

    subject: str
    text: str
    html: str


class Template:
    """A parsed version of a template. Without a `text` it is made of the HTML; without `html` there is none."""

    def __init__(self, subject: str, text: str, html: str) -> None:
        """Raises TemplateUnrenderable."""
        self._subject = _parse("subject", subject)
        self._text = _parse("text", text) if text else None
        self._html = _parse("html", html) if html else None
        self._styled = "<style" in html.lower()

    def render(self, variables: dict[str, Any]) -> Rendered:
        """Values are put in as they are and never read as templates. Raises TemplateUnrenderable."""
        subject = _render("subject", self._subject, variables)
        html = _render("html", self._html, variables) if self._html is not None else ""
        text = _render("text", self._text, variables) if self._text is not None else plain_text(html)
        return Rendered(subject, text, self._inlined(html))

    def _inlined(self, html: str) -> str:
        if not self._styled:
            return html
        try:
            return _INLINER.inline(html)
        except (InlineError, ValueError):
            raise TemplateUnrenderable("html", "the styles cannot be inlined") from None


def _parse(part: Part, source: str) -> BoundTemplate:
    try:
        return (_HTML if part == "html" else _PLAIN).from_string(source)
    except (LiquidError, RecursionError) as error:
        raise TemplateUnrenderable(part, _problem(error)) from None


def _render(part: Part, template: BoundTemplate, variables: dict[str, Any]) -> str:
    try:
        return template.render(variables)
    except (LiquidError, RecursionError, ArithmeticError, ValueError, TypeError) as error:
        raise TemplateUnrenderable(part, _problem(error)) from None


def _problem(error: Exception) -> str:
    token = getattr(error, "token", None)
    line = f" in line {token.source.count(chr(10), 0, token.start_index) + 1}" if token is not None else ""
    return f"{type(error).__name__}{line}"
