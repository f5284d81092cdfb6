"""The one order in which this service takes rows for itself, so that whoever waits never holds what another waits for.

1. What others decided: `lead_facts`, `suppressions`, and projections (`projects`, `account_responsibles` and the like).
2. `agents`, by id.
3. `work_items`, by lead.
4. `leads`, by lead, and what hangs on them: `verdicts`, `orders`, `callbacks`, `offers`, `queue` (by lead), and so on.
5. `locks`, last.

A transition (`MOVE`) takes 2, 3, the queue and 5 by itself, in this order. Who writes anything of 4 or 5 before its
transition, or makes several transitions, holds first. Claims, timers and target groups take queue rows out of order,
and never wait for one: `SKIP LOCKED`. Each kind of timer has a transaction of its own.
"""

from collections.abc import Collection
from typing import Final

from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict

from assignment_svc.work_items.store import hold_items

_TRIES: Final = 20


class _ChangedHands(Exception):
    """The new agent of a lead is not held, and may not be taken any more: leads are held already."""


async def hold(work: UnitOfWork, lead_ids: Collection[str]) -> None:
    """Takes the agents who have the leads, then the leads; nobody moves them until the transaction ends.

    When one changes hands in between, all are let go and taken again; in the end they are kept even so.
    """
    if not lead_ids:
        return
    for _ in range(_TRIES):
        try:
            async with work.part():
                await _take(work, lead_ids)
        except _ChangedHands:
            continue
        return
    await hold_items(work, lead_ids)


async def _take(work: UnitOfWork, lead_ids: Collection[str]) -> None:
    if not await hold_items(work, lead_ids):
        raise _ChangedHands


async def hold_one(work: UnitOfWork, lead_id: str) -> None:
    """Raises 409 when the lead changed hands at this moment."""
    if not await hold_items(work, [lead_id]):
        raise conflict("changed-meanwhile", "Somebody changed this lead at the same moment. Read it again.")
