"""The text alternative of a mail that was only given as HTML."""

import re
from html.parser import HTMLParser

_SILENT = {"head", "style", "script", "title", "template"}
_BLOCKS = {
    "address", "article", "blockquote", "div", "dl", "fieldset", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul",
}  # fmt: skip
_APART = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "pre"}


def plain_text(html: str) -> str:
    """Paragraphs apart, list items with a dash, cells apart, addresses of links in brackets."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0
        self._ready_made = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in {"td", "th"}:
            self.parts.append("  ")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.parts)))
        elif tag == "img":
            self.parts.append(dict(attrs).get("alt") or "")
        elif tag in _BLOCKS:
            self._ready_made += tag == "pre"
            self.parts.append("\n\n" if tag in _APART else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(self._silent - 1, 0)
        elif tag == "a" and self._links:
            target, began = self._links.pop()
            if target.startswith(("http://", "https://", "mailto:")) and target not in "".join(self.parts[began:]):
                self.parts.append(f" ({target})")
        elif tag in _BLOCKS and tag != "tr":
            self._ready_made -= tag == "pre"
            self.parts.append("\n\n" if tag in _APART else "\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data if self._ready_made > 0 else re.sub(r"\s+", " ", data))
