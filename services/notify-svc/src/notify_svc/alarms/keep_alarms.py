"""Keeps alarms, and lets rules tell of each once in a period."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from contracts.events.bases import AlarmContent
from contracts.ids import new_id
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.alarms import store
from notify_svc.alarms.store import Raised
from notify_svc.rules.notify_by_rules import notify_by_rules


def keep_alarms(period: timedelta) -> Callable[[UnitOfWork, Sequence[Received[Any]]], Awaitable[None]]:
    async def keep(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
        told = [received for received in batch if await store.raise_alarm(work, _raised(received), period)]
        if told:
            await notify_by_rules(work, told)

    return keep


def _raised(received: Received[Any]) -> Raised:
    content: AlarmContent = received.event
    return Raised(
        id=new_id("alm"),
        alarm=content.alarm[:100],
        key=content.key[:200],
        source=received.envelope.type.partition(".")[0],
        detail=content.detail[:2000],
        project_id=content.project_id,
        lead_id=content.lead_id,
        at=received.envelope.time,
    )
