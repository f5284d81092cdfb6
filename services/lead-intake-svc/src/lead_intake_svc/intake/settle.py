"""One round: look up, decide, write. Autocommitted statements where nothing more has to commit with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.envelope import OutgoingMessage, encode
from lead_intake_svc.intake import store
from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.intake.decide import Decided, Existing, decide_all
from lead_intake_svc.intake.events import decision_event
from lead_intake_svc.intake.outcomes import answer_of, as_http
from servicekit.idempotency_many import Once, StoredAnswer, find_answers, store_answers


class Raced(Exception):
    """What was looked up no longer holds: nothing was written."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The `Idempotency-Key` was used before, with the same request."""

    answer: StoredAnswer


@dataclass(frozen=True, slots=True)
class KeyReused:
    """The `Idempotency-Key` was used before, with another request."""


@dataclass(frozen=True, slots=True)
class InProgress:
    """A request with the same `Idempotency-Key` is in the same batch."""


Outcome = Decided | Existing | Replayed | KeyReused | InProgress


async def settle(connection: Any, source: str, candidates: Sequence[Candidate], *, exclusive: bool) -> list[Outcome]:
    """The outcome of each candidate, committed. Raises Raced or UniqueViolationError: then nothing was written.

    `exclusive` keeps the suppressions as they are meanwhile, for a batch that was raced again and again.
    """
    keyed = [candidate.once for candidate in candidates if candidate.once is not None]
    if not keyed and not exclusive:
        return await decide_and_write(connection, source, candidates)
    async with connection.transaction():
        if exclusive:
            await store.lock_guard(connection)
        return await _keyed_round(connection, source, candidates, keyed)


async def decide_and_write(connection: Any, source: str, candidates: Sequence[Candidate]) -> list[Any]:
    """A `Decided` or `Existing` for each candidate. Raises as `settle` does; commits with the caller's transaction."""
    now = datetime.now(UTC)
    known = await store.look_up(connection, candidates, now)
    decisions = decide_all(candidates, known, now)
    new = [decision for decision in decisions if isinstance(decision, Decided)]
    if new and not await store.write(connection, known.guard, new, _messages(source, new)):
        raise Raced
    return decisions


def _messages(source: str, new: Sequence[Decided]) -> list[OutgoingMessage]:
    return [
        encode(decision_event(decided), source=source, sequence=1, trace=decided.candidate.trace) for decided in new
    ]


async def _keyed_round(
    connection: Any, source: str, candidates: Sequence[Candidate], keyed: Sequence[Once]
) -> list[Outcome]:
    stored = await find_answers(connection, keyed) if keyed else {}
    outcomes: list[Outcome | None] = [None] * len(candidates)
    seen: set[tuple[str, str]] = set()
    for i, candidate in enumerate(candidates):
        if candidate.once is not None:
            outcomes[i] = _known_key(candidate.once, stored, seen)
    open_places = [i for i, outcome in enumerate(outcomes) if outcome is None]
    decisions = await decide_and_write(connection, source, [candidates[i] for i in open_places])
    answers: list[tuple[Once, StoredAnswer]] = []
    for i, decision in zip(open_places, decisions, strict=True):
        outcomes[i] = decision
        once = candidates[i].once
        if once is not None and isinstance(decision, Decided):
            answers.append((once, as_http(answer_of(decision), 201)))
    if answers and not await store_answers(connection, answers):
        raise Raced
    return [outcome for outcome in outcomes if outcome is not None]


def _known_key(
    once: Once, stored: dict[tuple[str, str], tuple[bytes, StoredAnswer]], seen: set[tuple[str, str]]
) -> Outcome | None:
    name = (once.caller, once.key)
    if name in seen:
        return InProgress()
    seen.add(name)
    found = stored.get(name)
    if found is None:
        return None
    fingerprint, answer = found
    return Replayed(answer) if fingerprint == once.fingerprint else KeyReused()
