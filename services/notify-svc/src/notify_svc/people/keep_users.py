"""Keeps who there is."""

from collections.abc import Sequence
from typing import Any

from contracts.events.identity import UserContent
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.newest import newest_of
from notify_svc.people.store import UserRow, upsert_users


async def keep_users(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    await upsert_users(work, [_row(received) for received in newest_of(batch)])


def _row(received: Received[Any]) -> UserRow:
    user: UserContent = received.event
    email = user.email.strip().lower()
    return UserRow(user.user_id, received.envelope.sequence, email, user.access_level, user.active)
