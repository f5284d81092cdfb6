"""Raises an alarm: `assignment.alarm.raised.v1`, which notify-svc brings to people."""

from datetime import timedelta
from typing import Final

from contracts.events.assignment import AlarmRaisedV1
from messaging.unit_of_work import UnitOfWork

from assignment_svc.alarms.store import note_alarm

QUIET: Final = timedelta(hours=1)


async def raise_alarm(work: UnitOfWork, alarm: AlarmRaisedV1, quiet: timedelta = QUIET) -> None:
    """Nothing happens when the same trouble was told in the same words a short while ago."""
    times = await note_alarm(work, alarm.alarm, alarm.key, alarm.detail, quiet)
    if times is not None:
        work.publish(alarm, sequence=times)
