"""Who does something, and what it is that is done: plain values."""

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Doer:
    """`actor` is a user's id, `key:` and a partner key's id, `anonymous`, or a command's user; never a credential."""

    actor: str
    access_level: str
    request_id: str = ""
    operation: str = ""

    def as_setting(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What was done where no watched row tells it. `subjects` are ids that it was done to, besides the object's."""

    action: str
    object_kind: str
    object_id: str = ""
    subjects: Sequence[str] = ()
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


def of_command_line(operation: str) -> Doer:
    """The user of this machine."""
    return Doer(f"cli:{getpass.getuser()}", "cli", operation=operation)
