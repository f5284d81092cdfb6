"""A while after an account changed hands: leads that were just entering the queue are kept for the right agent, too."""

import json
from collections.abc import Sequence

from messaging.unit_of_work import UnitOfWork

from assignment_svc.target_group import store


async def look_again(work: UnitOfWork, subjects: Sequence[str]) -> None:
    accounts: list[tuple[str, str]] = [(project_id, account_id) for project_id, account_id in map(json.loads, subjects)]
    await store.settle(work, accounts)
