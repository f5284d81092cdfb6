"""Pure rules of a case's life."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["unconfirmed", "confirmed", "rejected"]
State = Literal["unconfirmed", "exhausted", "confirmed", "rejected", "released"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A validator's word on a case.

    With `version`, only if nothing happened to the case since that version; with `lease_token`, only if the case was
    given to nobody else since.
    """

    lead_id: str
    status: Verdict
    note: str | None = None
    version: int | None = None
    lease_token: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a case is when a decision on it was refused."""

    state: State
    returning: bool
    shown: bool
    lease_token: str | None


def contact_status(state: State) -> Verdict:
    """V4.2: nobody could confirm an exhausted case, and nobody was asked about a released one."""
    return state if state in {"confirmed", "rejected"} else "unconfirmed"  # pyright: ignore[reportReturnType] -- both are verdicts


def first_check_valid(levels: Iterable[str]) -> bool:
    """V4.3: warnings are valid. A level that we do not know is taken for a severe one."""
    return all(level == "warn" for level in levels)


def why_refused(standing: Standing, asked: Decision, *, decides_exhausted: bool) -> tuple[str, str]:
    """Code and words for a decision that changed nothing, most lasting reason first (V4.4, V4.5, V4.8)."""
    if standing.state in {"confirmed", "rejected", "released"}:
        return "case-already-decided", f"The case was {standing.state} before."
    if standing.returning:
        return "lead-returned", "The lead is on its way back to its partner."
    if standing.state == "exhausted" and not (decides_exhausted and asked.status != "unconfirmed"):
        return "case-already-decided", "All attempts on this case were used. An admin decides on it."
    if not standing.shown and asked.status != "rejected":
        return "checks-not-done", "The automatic checks left this lead open. Flag it as valid first, or reject it."
    if asked.lease_token is not None and asked.lease_token != standing.lease_token:
        return "lease-lost", "The case was given to somebody else, or was taken from you."
    return "case-already-decided", "Somebody decided on this case since you read it."


def repeated_leads(lead_ids: list[str]) -> set[int]:
    """The positions that name a lead which an earlier position named."""
    first = {lead_id: index for index, lead_id in reversed(list(enumerate(lead_ids)))}
    return {index for index, lead_id in enumerate(lead_ids) if first[lead_id] != index}
