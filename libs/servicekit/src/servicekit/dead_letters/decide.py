"""Replays or discards dead letters, and tells the audit log about it in the same transaction."""

from dataclasses import dataclass
from typing import Literal

from messaging import dead_letters
from messaging.dead_letters import DEFAULT_RATE_PER_SECOND, Choice
from messaging.unit_of_work import UnitOfWork

from servicekit.audit.doer import Act
from servicekit.audit.store import record


@dataclass(frozen=True, slots=True)
class Decision:
    """A dry run decides nothing, and leaves no entry. `reason` is for who looks into the audit log later."""

    kind: Literal["replay", "discard"]
    dry_run: bool = False
    rate_per_second: float = DEFAULT_RATE_PER_SECOND
    reason: str | None = None


async def decide(work: UnitOfWork, choice: Choice, decision: Decision, by: str) -> int:
    """How many letters it was about. The doer is whom `act_as` was given; `by` is kept with each letter."""
    dry_run = decision.dry_run
    if decision.kind == "discard":
        count = await dead_letters.discard(work, choice, by=by, dry_run=dry_run)
    else:
        rate = decision.rate_per_second
        count = await dead_letters.replay(work, choice, by=by, rate_per_second=rate, dry_run=dry_run)
    if count and not dry_run:
        await record(work, _act_of(choice, decision, count))
    return count


def _act_of(choice: Choice, decision: Decision, count: int) -> Act:
    asked = {"queue": choice.queue, "type": choice.type, "failure": choice.failure, "reason": decision.reason}
    return Act(
        action=decision.kind,
        object_kind="dead_letter",
        subjects=[str(letter_id) for letter_id in choice.ids or ()],
        details={"count": count, **{name: value for name, value in asked.items() if value is not None}},
    )
