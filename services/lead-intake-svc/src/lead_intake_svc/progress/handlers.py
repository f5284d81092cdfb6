"""What becomes of accepted leads elsewhere: their public status, and their timeline."""

from collections.abc import Iterable, Sequence
from typing import Any

from contracts.event import Event
from contracts.events.values import LeadRef
from lead_intake_svc.progress import store
from lead_intake_svc.progress.states import billable, contact_status, entry_of, work_state
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork


async def note_progress(work: UnitOfWork, batch: Sequence[Received[Event]]) -> None:
    about_leads = [(received, lead) for received in batch if (lead := _lead_of(received.event)) is not None]
    states: dict[str, tuple[Any, ...]] = {}
    cases: dict[str, tuple[Any, ...]] = {}
    billing: dict[str, tuple[Any, ...]] = {}
    entries: list[tuple[Any, ...]] = []
    for received, lead in about_leads:
        event, envelope, lead_id = received.event, received.envelope, lead.lead_id
        said = (lead_id, lead.partner_id, lead.sponsor_id, envelope.sequence)
        state, status, billed = work_state(event), contact_status(event), billable(event)
        if state is not None:
            _keep_newest(states, (*said, state.state, state.agent_id))
        if status is not None:
            _keep_newest(cases, (*said, status))
        if billed is not None:
            _keep_newest(billing, (*said, billed))
        entry = entry_of(event)
        entries.append((lead_id, envelope.time, envelope.id, entry.actor, event.type, entry.summary, entry.data))
    if states:
        await store.set_work_states(work, _sorted(states.values()))
    if cases:
        await store.set_contact_statuses(work, _sorted(cases.values()))
    if billing:
        await store.set_billable(work, _sorted(billing.values()))
    if entries:
        await store.add_entries(work, entries)


def _lead_of(event: Event) -> LeadRef | None:
    return getattr(event, "lead", None)


def _keep_newest(kept: dict[str, tuple[Any, ...]], row: tuple[Any, ...]) -> None:
    """The fourth column is the version."""
    known = kept.get(row[0])
    if known is None or known[3] < row[3]:
        kept[row[0]] = row


def _sorted(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: row[0])
