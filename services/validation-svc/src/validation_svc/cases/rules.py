"""Pure rules of a case's life."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["unconfirmed", "confirmed", "rejected"]
State = Literal["unconfirmed", "exhausted", "confirmed", "rejected"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A validator's word on a case. With `version`, only if nothing happened to the case since that version."""

    lead_id: str
    status: Verdict
    note: str | None = None
    version: int | None = None


def contact_status(state: State) -> Verdict:
    """V4.2: an exhausted case is one that nobody could confirm."""
    return "unconfirmed" if state == "exhausted" else state


def repeated_leads(lead_ids: list[str]) -> set[int]:
    """The positions that name a lead which an earlier position named."""
    first = {lead_id: index for index, lead_id in reversed(list(enumerate(lead_ids)))}
    return {index for index, lead_id in enumerate(lead_ids) if first[lead_id] != index}
