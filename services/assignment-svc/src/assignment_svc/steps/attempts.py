"""Calls. Before one is logged the lead must still be callable: the rules may have changed since the claim."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from contracts.events.assignment import AttemptLoggedV1
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import invalid

from assignment_svc.campaign_settings.store import use_outcome
from assignment_svc.queue.eligibility.examine import refuse_unless_callable
from assignment_svc.work_items import store
from assignment_svc.work_items.change import lead_ref
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.transition import outrun

_CLOCK_SKEW: Final = timedelta(minutes=1)
NOT_CONTACTED: Final = frozenset(
    {"no_answer", "not_at_home", "no_contact", "busy", "voicemail", "wrong_number", "unreachable", "failed"}
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """`contacted` None: as the campaign's outcome says, else as its words do."""

    outcome: str
    started_at: datetime | None
    ended_at: datetime | None
    contacted: bool | None


def was_contacted(outcome: str) -> bool:
    """Every outcome counts as a contact but those that say that nobody was reached."""
    return outcome.strip().lower().replace(" ", "_").replace("-", "_") not in NOT_CONTACTED


async def log_attempt(work: UnitOfWork, item: WorkItem, actor: str, token: int, attempt: Attempt) -> AttemptLoggedV1:
    """Raises 409 `not-eligible` or `campaign-passive`, 422 for times that cannot be and outcomes that there are not."""
    now = datetime.now(UTC)
    started_at = attempt.started_at or now
    _check_times(started_at, attempt.ended_at, item.claimed_at or now, now)
    known, contacted = await use_outcome(work, item.project_id, attempt.outcome)
    if not known:
        raise invalid("outcome-unknown", "The campaign has no such outcome in use.", "/outcome")
    if contacted is None:
        contacted = was_contacted(attempt.outcome)
    agent_id = item.agent_id or actor
    await refuse_unless_callable(work, item.lead_id, agent_id, now)
    event = AttemptLoggedV1(
        lead=lead_ref(item),
        actor=actor,
        received_at=item.received_at,
        attempt_id=new_id("att"),
        agent_id=agent_id,
        outcome=attempt.outcome,
        contacted=contacted if attempt.contacted is None else attempt.contacted,
        number=item.calls + 1,
        started_at=started_at,
        ended_at=attempt.ended_at,
    )
    data = {"attempt_id": event.attempt_id, "outcome": event.outcome, "number": event.number}
    version = await store.log_call(work, item, event, token, data)
    if version is None:
        raise await outrun(work, item, token)
    work.publish(event, sequence=version)
    return event


def _check_times(started_at: datetime, ended_at: datetime | None, claimed_at: datetime, now: datetime) -> None:
    if started_at < claimed_at - _CLOCK_SKEW:
        raise invalid("before-claim", "The call starts before the lead was claimed.", "/started_at")
    if started_at > now + _CLOCK_SKEW:
        raise invalid("in-the-future", "The call starts in the future.", "/started_at")
    if ended_at is not None and ended_at < started_at:
        raise invalid("ends-before-start", "The call ends before it starts.", "/ended_at")
