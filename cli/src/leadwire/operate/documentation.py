"""`make docs`: the tables in docs/ that are made from the code, between their marks."""

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from messaging.subscription import Subscription
from messaging.transport import queue_name

from leadwire.operate.settings_table import settings_table
from leadwire.services import SERVICES

_QUEUES_HEAD = ("| queue | events (`.v1`) | ordering |", "|---|---|---|")


def queues_table() -> str:
    """Markdown: who hears what, and how it copes with order."""
    rows = [_row(service.name, one) for service in SERVICES for one in service.subscriptions()]
    return "\n".join([*_QUEUES_HEAD, *rows]) + "\n"


TABLES = {
    Path("docs/operations.md"): ("settings", settings_table),
    Path("docs/architecture.md"): ("queues", queues_table),
}


def fresh(document: Path, root: Path) -> str:
    """The document's text with today's table in it."""
    mark, table = TABLES[document]
    between = re.compile(rf"(?<=<!-- {mark} -->\n).*?(?=<!-- /{mark} -->)", re.DOTALL)
    return between.sub(lambda _: table(), (root / document).read_text())


def _row(service: str, one: Subscription) -> str:
    ordering = one.ordering.name.lower().replace("_", " ")
    return f"| `{queue_name(service, one)}` | {_shortened(one.event_types)} | {ordering} |"


def _shortened(event_types: Sequence[str]) -> str:
    """`intake.lead.{accepted, updated}` for events of one entity."""
    words = sorted(event_type.removesuffix(".v1").rpartition(".") for event_type in event_types)
    groups = groupby(words, key=lambda word: word[0])
    return ", ".join(f"`{entity}.{_either([verb for _, _, verb in verbs])}`" for entity, verbs in groups)


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else "{" + ", ".join(words) + "}"


if __name__ == "__main__":
    for path in TABLES:
        path.write_text(fresh(path, Path()))
