"""How a row of the matrix is written.

    "POST /v1/leads/{lead_id}/decision": may("admin supervisor", own="partner", body={"decision": "accept"}),

says: admins and supervisors may do it to every lead, partners to their own, and nobody else to any.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

PEOPLE: Final = ("admin", "supervisor", "leads_agent", "call_centre", "sponsor", "partner", "integration")
LEVELS: Final = (*PEOPLE, "key", "test_key", "anonymous", "deactivated")
SIGNED_IN: Final = " ".join(PEOPLE)
EVERYBODY: Final = " ".join(LEVELS)
STAFF: Final = "admin supervisor"
AGENTS: Final = "admin supervisor leads_agent"
PARTNERS: Final = "partner key test_key"


@dataclass(frozen=True)
class May:
    """`everything`: levels that reach every object; `own`: levels that reach theirs, and for whom a foreign one does
    not exist. Who is in neither is refused whatever they name.

    Strings of `body`, `query` and `form` may hold `{name}`: it is replaced by the own, the foreign and an unknown
    object in turn, as names in the path are; `{=name}` always by the own one. `objects` says which object stands for a
    name of the path, e.g. `{"lead_id": "held_lead_id"}`. `shows`: the name of an own object that the answer must hold,
    so that an empty list proves nothing. `file`: its content; the request is then a form with a file.
    `may_be_absent`: the object has none of what is asked for, so that 404 is right for those who may, too.
    """

    everything: frozenset[str]
    own: frozenset[str]
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    form: Mapping[str, str] | None = None
    file: str | None = None
    objects: Mapping[str, str] = field(default_factory=dict[str, str])
    shows: str | None = None
    may_be_absent: bool = False


def may(everything: str = "", own: str = "", **more: Any) -> May:
    """Levels are words. Raises ValueError for one that there is not."""
    row = May(frozenset(everything.split()), frozenset(own.split()), **more)
    if unknown := (row.everything | row.own) - set(LEVELS):
        raise ValueError(f"no access level {', '.join(sorted(unknown))}; there are {', '.join(LEVELS)}")
    return row


Table = Mapping[str, May | list[May]]
