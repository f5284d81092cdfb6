"""All notes of a case as the text of one cell, and back (V4.6): pure.

Notes are joined with `; `. One that holds a semicolon, a quote or a line break, that begins or ends with white space,
or that a spreadsheet would take for a formula, stands in double quotes, with its own quotes doubled: as in a CSV line
whose delimiter is the semicolon. So a cell never begins a formula, and nothing has to be put in front of it.
"""

import re
from collections.abc import Iterable

_SEPARATOR = "; "
_PLAIN = re.compile(r"[^\s;\"=+\-@](?:[^;\"\r\n]*[^\s;\"])?")
_NOTE = re.compile(r'"((?:[^"]|"")*)"|([^;"]+)')


class NotJoinedNotes(ValueError):
    """The text does not come from `join_notes`."""


def join_notes(notes: Iterable[str]) -> str:
    return _SEPARATOR.join(note if _PLAIN.fullmatch(note) else '"' + note.replace('"', '""') + '"' for note in notes)


def split_notes(text: str) -> list[str]:
    """The notes that `join_notes` was given; raises NotJoinedNotes."""
    notes: list[str] = []
    position = 0
    while text:
        found = _NOTE.match(text, position)
        if found is None:
            raise NotJoinedNotes
        quoted, plain = found.groups()
        notes.append(plain if quoted is None else quoted.replace('""', '"'))
        position = found.end()
        if position == len(text):
            break
        if not text.startswith(_SEPARATOR, position):
            raise NotJoinedNotes
        position += len(_SEPARATOR)
    return notes
