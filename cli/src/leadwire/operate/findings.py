"""What `leadwire doctor` finds, and how it is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from rich.console import Console
from rich.table import Table
from rich.text import Text


class Verdict(Enum):
    """Only WRONG makes the command end with 1."""

    FINE = "fine"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """`advice` says what to do; it is empty where nothing is to be done."""

    what: str
    verdict: Verdict
    words: str
    advice: str = ""


def fine(what: str, words: str) -> Finding:
    return Finding(what, Verdict.FINE, words)


def look(what: str, words: str, advice: str) -> Finding:
    return Finding(what, Verdict.LOOK, words, advice)


def wrong(what: str, words: str, advice: str) -> Finding:
    return Finding(what, Verdict.WRONG, words, advice)


_STYLES = {Verdict.FINE: "green", Verdict.LOOK: "yellow", Verdict.WRONG: "bold red"}


def print_findings(findings: Sequence[Finding]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for finding in findings:
        words = Text(finding.words)
        if finding.advice:
            words.append(f"\n→ {finding.advice}", style="italic")
        table.add_row(Text(finding.verdict.value, style=_STYLES[finding.verdict]), Text(finding.what), words)
    Console(highlight=False).print(table)


def as_document(findings: Sequence[Finding]) -> list[dict[str, str]]:
    return [{"what": f.what, "verdict": f.verdict.value, "words": f.words, "advice": f.advice} for f in findings]
