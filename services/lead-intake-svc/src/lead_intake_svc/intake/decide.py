"""What becomes of candidates, given what the database knows: pure. Earlier ones of a batch count for later ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from contracts.events.values import LeadRef, Problem
from lead_intake_svc.checks import consent
from lead_intake_svc.checks.problem import OFF, QUARANTINE, REJECT, WARN
from lead_intake_svc.intake.candidate import Candidate, worst

_STATUS = {REJECT: "rejected", QUARANTINE: "quarantined"}
_RETURNED = Problem(code="returned-before", level=REJECT, detail="You sent this person before, and took them back.")
_ACTION_LEVEL = {"reject": REJECT, "quarantine": QUARANTINE}
SUPPRESSED, LIST_STALE = "suppressed", "suppression-list-stale"
# What *always deliver* never overrides, and no person either.
UNDELIVERABLE = frozenset({SUPPRESSED, LIST_STALE, *consent.CODES})


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier lead with the same phone or e-mail, inside the window and the scope of the rule."""

    lead_id: str
    partner_id: str


@dataclass(frozen=True, slots=True)
class Known:
    """What was looked up for a batch, by position in it.

    `numbers` has the highest number that an identity has so far; `guard` is the version of the suppressions;
    `returned` are those whose person this partner sent before, and took back.
    """

    guard: int
    existing: Mapping[int, str] = field(default_factory=dict[int, str])
    suppressed: frozenset[int] = frozenset()
    duplicates: Mapping[int, Match] = field(default_factory=dict[int, Match])
    numbers: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    returned: frozenset[int] = frozenset()


class IdentityRow(msgspec.Struct, frozen=True):
    kind: str
    value: str
    number: int
    ref: LeadRef


class Decided(msgspec.Struct, frozen=True):
    """A new lead as it will be stored. `reason` is None exactly when it is accepted.

    Not `billable`: accepted although a check would have quarantined it, or in the stead of a returned lead.
    """

    candidate: Candidate
    status: str
    reason: str | None
    location: str | None
    problems: tuple[Problem, ...]
    duplicate: Match | None
    received_at: datetime
    identities: tuple[IdentityRow, ...]
    billable: bool = True

    @property
    def held(self) -> bool:
        return self.status == "accepted" and self.candidate.project.hold


@dataclass(frozen=True, slots=True)
class Existing:
    """The partner has sent this `external_id` before."""

    lead_id: str


def since(candidate: Candidate, now: datetime) -> datetime | None:
    """From when on earlier leads count; None without end."""
    days = candidate.project.duplicates.days
    return None if days is None else now - timedelta(days=days)


class Batch:
    """The memory of one decision round."""

    def __init__(self, known: Known, now: datetime) -> None:
        self._known = known
        self._now = now
        self._external: dict[tuple[str, str], str] = {}
        self._numbers = dict(known.numbers)
        self._holders: dict[tuple[str, str], list[LeadRef]] = {}

    def decide(self, position: int, candidate: Candidate) -> Decided | Existing:
        external = (candidate.ref.partner_id, candidate.external_id)
        existing = self._known.existing.get(position) or self._external.get(external)
        if existing is not None:
            return Existing(existing)
        self._external[external] = candidate.ref.lead_id
        problems = candidate.problems
        suppression = suppression_problems(candidate, self._now, listed=position in self._known.suppressed)
        if suppression:
            problems = (*suppression, *problems)
        if position in self._known.returned:
            problems = (*problems, _RETURNED)
        duplicate = self._duplicate_of(position, candidate)
        if duplicate is not None:
            problems = (*problems, _duplicate(candidate))
        reason = worst(problems)
        status = _STATUS.get(reason.level, "accepted") if reason else "accepted"
        anyway = status == "quarantined" and delivered_anyway(candidate, problems)
        accepted = status == "accepted" or anyway
        return Decided(
            candidate=candidate,
            status="accepted" if accepted else status,
            reason=None if accepted or reason is None else reason.code,
            location=candidate.partner.location(candidate.asked_location) if accepted else None,
            problems=problems,
            duplicate=duplicate,
            received_at=self._now,
            identities=() if status == "rejected" else self._identities(candidate),
            billable=not anyway and candidate.content.replacement_for is None,
        )

    def _duplicate_of(self, position: int, candidate: Candidate) -> Match | None:
        found = self._known.duplicates.get(position)
        if found is not None:
            return found
        kinds = candidate.project.duplicates.kinds
        for kind, value in candidate.identities:
            if kind.removeprefix("test-") in kinds:
                for earlier in self._holders.get((kind, value), ()):
                    if in_scope(candidate, earlier):
                        return Match(earlier.lead_id, earlier.partner_id)
        return None

    def _identities(self, candidate: Candidate) -> tuple[IdentityRow, ...]:
        rows: list[IdentityRow] = []
        for identity in candidate.identities:
            number = self._numbers[identity] = self._numbers.get(identity, 0) + 1
            self._holders.setdefault(identity, []).append(candidate.ref)
            rows.append(IdentityRow(*identity, number, candidate.ref))
        return tuple(rows)


def in_scope(candidate: Candidate, earlier: LeadRef) -> bool:
    match candidate.project.duplicates.scope:
        case "partner":
            return earlier.partner_id == candidate.ref.partner_id
        case "project":
            return earlier.project_id == candidate.ref.project_id
        case "sponsor":
            return earlier.sponsor_id == candidate.ref.sponsor_id
        case _:
            return True


def decide_all(candidates: Sequence[Candidate], known: Known, now: datetime) -> list[Decided | Existing]:
    batch = Batch(known, now)
    return [batch.decide(position, candidate) for position, candidate in enumerate(candidates)]


def suppression_problems(candidate: Candidate, now: datetime, *, listed: bool) -> list[Problem]:
    """I2.18. Nobody knows of whom a stale list should have spoken, so that it is said of every lead."""
    level = candidate.project.checks.suppression
    if level == OFF:
        return []
    found = [Problem(code=SUPPRESSED, level=level, detail="This person is on a suppression list.")] if listed else []
    freshness = candidate.project.suppressions
    if freshness.until is not None and freshness.until < now:
        words = "A national suppression list is more than 31 days old."
        found.append(Problem(code=LIST_STALE, level=freshness.stale_level, detail=words))
    return found


def delivered_anyway(candidate: Candidate, problems: Sequence[Problem]) -> bool:
    """I2.17, *always deliver*: cautions only, and none of those that nobody may override."""
    return candidate.project.always_deliver and not any(
        problem.level == QUARANTINE and problem.code in UNDELIVERABLE for problem in problems
    )


def _duplicate(candidate: Candidate) -> Problem:
    level = _ACTION_LEVEL.get(candidate.project.duplicates.action, WARN)
    return Problem(code="duplicate", level=level, detail="This person was sent before.")
