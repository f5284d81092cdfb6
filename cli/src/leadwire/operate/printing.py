"""What the operator's commands print: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from messaging.dead_letters import Entry, Group
from rich.console import Console
from rich.table import Table

from leadwire.services import Service


def print_json(document: Any) -> None:
    sys.stdout.write(json.dumps(document, indent=1, default=_as_text) + "\n")


def print_groups(groups: Sequence[tuple[Service, Group]]) -> None:
    table = _table("waiting", "queue", "type", "failure", "detail", "first", "last")
    for _, group in groups:
        table.add_row(
            str(group.count),
            group.queue,
            group.type,
            group.failure,
            group.detail,
            *_times(group.first_at, group.last_at),
        )
    _show(table, "No dead letters wait.")


def print_entries(entries: Sequence[tuple[Service, Entry]]) -> None:
    table = _table("id", "queue", "type", "failure", "attempts", "died")
    for _, entry in entries:
        table.add_row(
            str(entry.id), entry.queue, entry.type, entry.failure, str(entry.attempts), *_times(entry.died_at)
        )
    _show(table, "No dead letters wait.")


def print_entry(service: Service, entry: Entry, body: str | None) -> None:
    table = Table(box=None, show_header=False, padding=(0, 3, 0, 0))
    for name, value in entry_as_document(service, entry, body).items():
        table.add_row(name.replace("_", " "), "" if value is None else _as_text(value))
    Console(highlight=False, markup=False).print(table)


def group_as_document(service: Service, group: Group) -> dict[str, Any]:
    return {"service": service.name, **asdict(group)}


def entry_as_document(service: Service, entry: Entry, body: str | None = None) -> dict[str, Any]:
    """Without its body, which may hold personal data, unless that was asked for."""
    document = {"service": service.name, **asdict(entry)}
    del document["body"]
    return document if body is None else {**document, "body": body}


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, padding=(0, 2, 0, 0))


def _show(table: Table, nothing: str) -> None:
    console = Console(highlight=False, markup=False)
    console.print(table if table.row_count else nothing)


def _times(*times: datetime) -> list[str]:
    return [f"{time:%Y-%m-%d %H:%M:%S}" for time in times]


def _as_text(value: object) -> str:
    match value:
        case datetime():
            return value.isoformat()
        case UUID() | str() | int():
            return str(value)
        case _:
            raise TypeError(f"{type(value).__name__} is not printed")
