"""The outside ledger of a fault run: what the platform has promised to its callers, and what must then hold."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Hold:
    """An agent had a lead from the answer to its claim until it asked to close it. Times are the loop's, in seconds."""

    lead_id: str
    agent: int
    since: float
    until: float


@dataclass
class Ledger:
    """`accepted` maps the partner's external id to the lead id of the 2xx answer."""

    accepted: dict[str, str] = field(default_factory=dict[str, str])
    holds: list[Hold] = field(default_factory=list[Hold])
    attempts: Counter[str] = field(default_factory=Counter[str])
    closed: dict[str, str] = field(default_factory=dict[str, str])
    broken: list[str] = field(default_factory=list[str])

    def accept(self, external_id: str, lead_id: str) -> None:
        known = self.accepted.setdefault(external_id, lead_id)
        if known != lead_id:
            self.broken.append(f"{external_id} was answered with two lead ids")


@dataclass(frozen=True, slots=True)
class Observed:
    """What the platform says afterwards: leads by external id, timeline events by lead, mails by lead, totals."""

    leads: Mapping[str, tuple[str, str]]
    attempts: Mapping[str, int]
    mails: Mapping[str, Sequence[str]]
    totals: Mapping[str, int]


def violations(ledger: Ledger, observed: Observed) -> list[str]:
    """Every promise that was broken, in words; empty when all hold."""
    return [
        *ledger.broken,
        *_lost_or_invented(ledger, observed),
        *_held_by_two(ledger.holds),
        *_wrong_ends(ledger, observed),
        *_not_once(ledger, observed),
        *_wrong_totals(ledger, observed),
    ]


def _lost_or_invented(ledger: Ledger, observed: Observed) -> list[str]:
    found = {external_id: lead_id for external_id, (lead_id, _) in observed.leads.items()}
    lost = [f"{external_id} was accepted and is lost" for external_id in ledger.accepted.keys() - found.keys()]
    invented = [f"{external_id} is there and nobody was told" for external_id in found.keys() - ledger.accepted.keys()]
    other = [
        f"{external_id} is another lead than the one answered"
        for external_id, lead_id in ledger.accepted.items()
        if found.get(external_id, lead_id) != lead_id
    ]
    return lost + invented + other


def _held_by_two(holds: Sequence[Hold]) -> list[str]:
    by_lead: dict[str, list[Hold]] = {}
    for hold in sorted(holds, key=lambda hold: hold.since):
        by_lead.setdefault(hold.lead_id, []).append(hold)
    return [
        f"{lead_id} was held by agents {first.agent} and {second.agent} at the same time"
        for lead_id, of_lead in by_lead.items()
        for first, second in pairwise(of_lead)
        if second.since < first.until and second.agent != first.agent
    ]


def _wrong_ends(ledger: Ledger, observed: Observed) -> list[str]:
    statuses = dict(observed.leads.values())
    return [
        f"{lead_id} was closed as {how} and is {statuses.get(lead_id)}"
        for lead_id, how in ledger.closed.items()
        if statuses.get(lead_id) != how
    ] + [f"{lead_id} was never closed" for lead_id in ledger.accepted.values() if lead_id not in ledger.closed]


def _not_once(ledger: Ledger, observed: Observed) -> list[str]:
    wrong_attempts = [
        f"{lead_id}: {made} attempts were answered, {observed.attempts.get(lead_id, 0)} are told"
        for lead_id, made in ledger.attempts.items()
        if observed.attempts.get(lead_id, 0) != made
    ]
    wrong_mails = [
        f"{lead_id} has {len(observed.mails.get(lead_id, ()))} mails in the ledger: {observed.mails.get(lead_id, ())}"
        for lead_id in ledger.accepted.values()
        if list(observed.mails.get(lead_id, ())) != ["sent"]
    ]
    return wrong_attempts + wrong_mails


def _wrong_totals(ledger: Ledger, observed: Observed) -> list[str]:
    ends = Counter(ledger.closed.values())
    expected = {
        "received": len(ledger.accepted),
        "claimed": len(ledger.holds),
        "attempts": ledger.attempts.total(),
        "resolved": ends["resolved"],
        "converted": ends["converted"],
    }
    return [
        f"statistics count {observed.totals.get(name)} {name}, not {number}"
        for name, number in expected.items()
        if observed.totals.get(name) != number
    ]
